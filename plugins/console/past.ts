// How plans and pools stood over time, as long as a console has looked: it keeps what changed.
import type { PoolMember, PoolStatus } from 'ferrydns/built-in';
import { answerJson, type PageOfAll } from 'ferrydns/built-in/admin';
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { MemberChange, PlanChange, PlanHistory, PlanPoint, PoolHistory } from './told.ts';

/** Points of a plan, and changes of a plan or of a member: of more than these, every other one is left out, or the oldest. */
const mostPoints = 720;
const mostChanges = 200;
/** Plans and pools. */
const mostKept = 200;
/** Milliseconds: what changed in a pool before is forgotten. */
const hour = 3_600_000;

/** What is read of the status of a plan, and of a pool. */
type Plan = Pick<PlanStatus, 'plan' | 'phase' | 'epoch' | 'changed'> & { readonly leases: Pick<PlanStatus['leases'], 'from' | 'to'> };
type Pool = Pick<PoolStatus, 'pool'> & { readonly members: readonly Pick<PoolMember, 'member' | 'records' | 'up' | 'drained' | 'serving'>[] };

interface PlanPast {
  points: PlanPoint[];
  readonly changes: PlanChange[];
}

interface MemberPast {
  readonly member: string;
  readonly records: string;
  readonly changes: MemberChange[];
}

interface PoolPast {
  readonly since: string;
  readonly members: Map<string, MemberPast>;
}

export class Past {
  private readonly plans = new Map<string, PlanPast>();
  private readonly pools = new Map<string, PoolPast>();

  get pages(): Readonly<Record<string, PageOfAll>> {
    return {
      '/history/moves': { method: 'GET', all: () => answerJson(200, this.ofPlans()) },
      '/history/pools': { method: 'GET', all: () => answerJson(200, this.ofPools()) },
    };
  }

  private ofPlans(): readonly (PlanHistory & Pick<Plan, 'plan'>)[] {
    return [...this.plans].map(([plan, past]) => ({ plan, ...past }));
  }

  private ofPools(): readonly PoolHistory[] {
    return [...this.pools].map(([pool, { since, members }]) => ({ pool, since, members: [...members.values()] }));
  }

  /** Looks at how all plans stand; those that are told of no more are forgotten. */
  seePlans(plans: readonly Plan[], now: Date): void {
    forget(this.plans, new Set(plans.map(({ plan }) => plan)));
    for (const plan of plans) {
      const past = open(this.plans, plan.plan, () => ({ points: [], changes: [] }));
      if (past !== undefined) seePlan(plan, past, now);
    }
  }

  seePools(pools: readonly Pool[], now: Date): void {
    forget(this.pools, new Set(pools.map(({ pool }) => pool)));
    for (const pool of pools) {
      const past = open(this.pools, pool.pool, () => ({ since: now.toISOString(), members: new Map() }));
      if (past !== undefined) seePool(pool, past, now);
    }
  }
}

function seePlan({ phase, epoch, leases: { from, to }, changed }: Plan, past: PlanPast, now: Date): void {
  const last = past.points.at(-1);
  const same = last !== undefined && last.phase === phase && last.epoch === epoch && last.from === from && last.to === to;
  if (!same) past.points.push({ at: now.toISOString(), phase, epoch, from, to });
  if (past.points.length > mostPoints) past.points = past.points.filter((_, place) => place % 2 === 0 || place > mostPoints - 60);
  if (changed === null || past.changes.at(-1)?.at === changed.at) return;
  past.changes.push({ ...changed, phase, epoch });
  if (past.changes.length > mostChanges) past.changes.shift();
}

function seePool({ members }: Pool, past: PoolPast, now: Date): void {
  const keys = members.map(({ member, records }) => `${records} ${member}`);
  forget(past.members, new Set(keys));
  for (const { member, records, up, drained, serving } of members) {
    const key = `${records} ${member}`;
    const { changes }: Pick<MemberPast, 'changes'> = past.members.get(key) ?? { changes: [] };
    past.members.set(key, { member, records, changes });
    const last = changes.at(-1);
    if (last?.up !== up || last.drained !== drained || last.serving !== serving) changes.push({ at: now.toISOString(), up, drained, serving });
    // The last one before the hour says how it stood at its beginning.
    const old = (place: number) => Date.parse(changes[place]?.at ?? '') < now.getTime() - hour;
    while (changes.length > mostChanges || (changes.length > 1 && old(1))) changes.shift();
  }
}

function forget<T>(kept: Map<string, T>, present: ReadonlySet<string>): void {
  for (const key of kept.keys()) if (!present.has(key)) kept.delete(key);
}

function open<T>(kept: Map<string, T>, key: string, make: () => T): T | undefined {
  const known = kept.get(key);
  if (known !== undefined || kept.size >= mostKept) return known;
  const made = make();
  kept.set(key, made);
  return made;
}
