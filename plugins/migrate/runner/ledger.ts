// The account of leases that a plan begins with.
import { migration } from 'ferrydns/built-in/moves';

/** An account by what a plan adds to each lease. Of one before only the latest ends are taken over. */
export function makeLedger(plan: migration.Plan, before?: migration.Leases): InstanceType<typeof migration.Ledger> {
  const { slack, caches } = migration.timingOf(plan);
  const ledger = new migration.Ledger({ slack, caches });
  if (before !== undefined) ledger.reserve(before, { cut: true });
  return ledger;
}
