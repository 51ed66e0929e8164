// The metrics of one plan.
import { migration } from 'ferrydns/built-in/moves';
import type { Counter, Metrics } from 'ferrydns/plugin';
import type { HeldQueries } from './answer/held-queries.ts';
import type { Runner } from './runner/runner.ts';
import { alarmsOf } from './status.ts';

const targets = ['from', 'to', 'both', 'held', 'servfail', 'other'] as const;
export type AnswerLabel = (typeof targets)[number];

export class PlanMetrics {
  readonly answers: Readonly<Record<AnswerLabel, Counter>>;
  readonly guardHits: Counter;
  readonly overruled: Counter;
  private readonly metrics: Metrics;
  private readonly plan: string;
  private ends: (() => void)[] = [];

  constructor(metrics: Metrics, plan: string) {
    this.metrics = metrics;
    this.plan = plan;
    const answers = metrics.counter('ferrydns_migration_answers_total', 'Answers for moved names, by what they led to.', ['plan', 'target']);
    this.answers = Object.fromEntries(targets.map((target) => [target, answers({ plan, target })])) as Record<AnswerLabel, Counter>;
    const help = 'Answers for other names that led to A after the flip.';
    const without = 'Answers for moved names that did not come from the plan, and were not given.';
    this.overruled = metrics.counter('ferrydns_migration_overruled_total', without, ['plan'])({ plan });
    this.guardHits = metrics.counter('ferrydns_migration_guard_hits_total', help, ['plan'])({ plan });
  }

  /** Shows how many queries wait: what the processes of a server show of it is added up. */
  showHeld(held: HeldQueries): void {
    const { metrics, plan } = this;
    const gauge = metrics.gauge('ferrydns_migration_held', 'Queries that are held because nothing may be answered.', ['plan']);
    this.ends.push(gauge({ plan }, () => held.count));
  }

  /** Shows the state of the plan from now on, in the process that runs it. */
  show(runner: Runner): void {
    this.showHeld(runner.held);
    const { metrics, plan } = this;
    const number = (name: string, help: string, read: () => number | null) => this.ends.push(metrics.gauge(name, help, ['plan'])({ plan }, read));
    const phase = metrics.gauge('ferrydns_migration_phase', 'Whether the plan is in this phase.', ['plan', 'phase']);
    for (const each of migration.phases) this.ends.push(phase({ plan, phase: each }, () => (runner.agreed?.phase === each ? 1 : 0)));
    // Null before the store has answered for the first time: a change from 0 would look like a rollback.
    number('ferrydns_migration_epoch', 'Epoch of the plan; grows with every rollback.', () => runner.agreed?.epoch ?? null);
    number('ferrydns_migration_paused', 'Whether the plan is paused.', () => (runner.agreed?.paused === true ? 1 : 0));
    const stopped = 'Whether the plan is stopped and its names are not answered; the log says why.';
    number('ferrydns_migration_stopped', stopped, () => (runner.damage === undefined ? 0 : 1));
    number('ferrydns_migration_alarms', 'Alarms that a person should look at.', () => alarmsOf(runner).length);
    number('ferrydns_migration_store_heard', 'Whether the store has been heard within a session.', () => (runner.heard ? 1 : 0));
    number('ferrydns_migration_replicas', 'Servers that are registered for the plan.', () => Object.keys(runner.agreed?.members ?? {}).length);
    number('ferrydns_migration_horizon_seconds', 'Seconds until A may be switched off; -1 while that is not known.', () => horizon(runner));
    const leases = metrics.gauge('ferrydns_migration_leases', 'Clients that may still hold an answer that leads there.', ['plan', 'target']);
    for (const target of ['from', 'to'] as const) {
      this.ends.push(leases({ plan, target }, () => runner.ledger.alive(target, runner.moment().mono)));
    }
    const healthy = metrics.gauge('ferrydns_migration_healthy', 'Whether this side is not known to be unhealthy.', ['plan', 'target']);
    for (const target of ['from', 'to'] as const) this.ends.push(healthy({ plan, target }, () => (runner.state.unhealthy[target] === null ? 1 : 0)));
  }

  hide(): void {
    for (const end of this.ends.splice(0)) end();
  }
}

function horizon(runner: Runner): number {
  const { agreed, state } = runner;
  if (agreed === null) return -1;
  const { at } = migration.horizonOf(state.plan, state.timing, agreed);
  return at === null ? -1 : Math.max(0, at - migration.earliest(state, runner.moment())) / 1000;
}
