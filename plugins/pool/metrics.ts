// The metrics of pools.

import type { ServingReason } from 'ferrydns/built-in';
import type { Counter, Metrics, Name } from 'ferrydns/plugin';
import type { Member } from './member.ts';

/** What one pool counts and shows, from `show` on until `hide`. */
export class PoolMetrics {
  private readonly metrics: Metrics;
  private readonly pool: Name;
  /** How to take back what is shown, by what it is about. */
  private readonly held = new Map<string, { readonly value: string; readonly release: () => void }>();
  private shown = false;

  constructor(metrics: Metrics, pool: Name) {
    this.metrics = metrics;
    this.pool = pool;
  }

  answersOf({ label: member }: Member): Counter {
    return this.metrics.counter('ferrydns_pool_answers_total', 'Answers that named the member.', ['pool', 'member'])({ pool: this.pool, member });
  }

  looked({ label: member }: Member, check: string, ok: boolean): void {
    const labels = ['pool', 'member', 'check', 'result'] as const;
    const counter = this.metrics.counter('ferrydns_pool_checks_total', 'Checks of the member, by what came of them.', labels);
    counter({ pool: this.pool, member, check, result: ok ? 'passed' : 'failed' }).add();
  }

  /** The member has another state than before. */
  moved({ label: member, state }: Member): void {
    const counter = this.metrics.counter('ferrydns_pool_transitions_total', 'Times that the member came into the state.', [
      'pool',
      'member',
      'state',
    ]);
    counter({ pool: this.pool, member, state }).add();
    this.state(member, state);
  }

  /** Starts to show the pool as it is: its members, how many are up, and who answers. */
  show(members: readonly Member[], failbackPending: () => boolean): void {
    const { metrics, pool } = this;
    this.shown = true;
    const up = metrics.gauge('ferrydns_pool_members_up', 'Members that are up and not drained.', ['pool'], 'max');
    const pending = metrics.gauge(
      'ferrydns_pool_failback_pending',
      'Whether members that come first are well again and kept waiting.',
      ['pool'],
      'max',
    );
    this.hold(
      'up',
      '',
      up({ pool }, () => members.filter(({ state }) => state === 'up').length),
    );
    this.hold(
      'pending',
      '',
      pending({ pool }, () => (failbackPending() ? 1 : 0)),
    );
    for (const { label, state } of members) this.state(label, state);
  }

  serving(kind: string, by: ServingReason): void {
    const info = this.metrics.info('ferrydns_pool_serving', 'Who answers: members, backup, or what all_down says.', ['pool', 'records', 'by']);
    if (this.isNew(`serving ${kind}`, by)) this.hold(`serving ${kind}`, by, info({ pool: this.pool, records: kind, by }));
  }

  hide(): void {
    this.shown = false;
    for (const { release } of this.held.values()) release();
    this.held.clear();
  }

  private state(member: string, state: string): void {
    const info = this.metrics.info('ferrydns_pool_member_state', 'The state that the member is in.', ['pool', 'member', 'state']);
    if (this.isNew(`state ${member}`, state)) this.hold(`state ${member}`, state, info({ pool: this.pool, member, state }));
  }

  private isNew(about: string, value: string): boolean {
    return this.shown && this.held.get(about)?.value !== value;
  }

  private hold(about: string, value: string, release: () => void): void {
    this.held.get(about)?.release();
    this.held.set(about, { value, release });
  }
}
