// Looks at both sides of a move and at its gates, and tells the engine what it finds.
import { type Check, type Metrics, type Move, type migration, type Name, type PoolService, sharedChecks } from 'ferrydns/plugin';
import { gateHolds } from './gate.ts';
import type { Runner } from './runner.ts';

/** Milliseconds between two looks at a gate. */
const gatePace = 5000;

export interface Sight {
  readonly move: Move;
  readonly runner: Runner;
  readonly metrics: Metrics;
  readonly now: () => number;
  pool(name: Name): PoolService | undefined;
}

interface Looked {
  readonly check: Check;
  /** What was found last; undefined until something was. */
  ok: boolean | undefined;
}

/** One target of one name, with the checks of its side. */
type Target = Move['names'][number]['from'][number];

export class Watch {
  private readonly sight: Sight;
  private readonly byTarget = new Map<string, Looked[]>();
  private readonly said: { from: boolean | undefined; to: boolean | undefined } = { from: undefined, to: undefined };
  private readonly busy = new Set<string>();
  private gatesAt = Number.NEGATIVE_INFINITY;

  constructor(sight: Sight) {
    this.sight = sight;
    this.forget();
    const checks = sharedChecks(sight);
    const { move } = sight;
    for (const { side, spec } of move.checks) {
      for (const target of new Set(move.names.flatMap((name) => name[side]))) {
        if (target.kind !== 'address') continue;
        const looked: { check?: Check; ok: boolean | undefined } = { ok: undefined };
        const note = ({ ok }: { readonly ok: boolean }) => {
          looked.ok = ok;
          this.report();
        };
        looked.check = checks.use(target.address, spec, { looked: note, changed: note });
        const key = `${side} ${target.address}`;
        this.byTarget.set(key, [...(this.byTarget.get(key) ?? []), looked as Looked]);
      }
    }
  }

  /** A side that is not looked at any more does not stay ill. */
  private forget(): void {
    for (const side of ['from', 'to'] as const) {
      const looked =
        this.sight.move.checks.some((check) => check.side === side) ||
        this.sight.move.names.some((name) => name[side].some(({ kind }) => kind === 'pool'));
      if (!looked && this.sight.runner.state.unhealthy[side] !== null) this.sight.runner.feed({ kind: 'check', side, healthy: true });
    }
  }

  /** Time has passed: pools may have changed, gates are to be looked at. */
  tick(): void {
    this.report();
    if (this.sight.now() - this.gatesAt < gatePace) return;
    this.gatesAt = this.sight.now();
    for (const gate of this.sight.move.plan.gates) void this.look(gate);
  }

  stop(): void {
    for (const looked of [...this.byTarget.values()].flat()) looked.check.release();
  }

  private report(): void {
    for (const side of ['from', 'to'] as const) {
      const healthy = this.healthOf(side);
      if (healthy === undefined || healthy === this.said[side]) continue;
      this.said[side] = healthy;
      this.sight.runner.feed({ kind: 'check', side, healthy });
    }
  }

  /** A side is well when each of its names has a target that is. Undefined: nothing is known, or nothing is checked. */
  private healthOf(side: 'from' | 'to'): boolean | undefined {
    const { move } = this.sight;
    const pools = move.names.some((name) => name[side].some(({ kind }) => kind === 'pool'));
    if (!pools && !move.checks.some((check) => check.side === side)) return undefined;
    const states = move.names.map((name) => name[side].map((target) => this.stateOf(side, target)));
    if (states.some((targets) => !targets.includes(true) && targets.includes(undefined))) return undefined;
    return states.every((targets) => targets.includes(true));
  }

  private stateOf(side: 'from' | 'to', target: Target): boolean | undefined {
    if (target.kind === 'pool') return this.sight.pool(target.pool)?.healthy;
    if (target.kind === 'name') return undefined;
    const looked = this.byTarget.get(`${side} ${target.address}`) ?? [];
    if (looked.some(({ check }) => check.known && !check.up)) return false;
    // A service counts as up until proved down; a move goes to one only once it was seen to be.
    return looked.every(({ check, ok }) => check.known && (ok === true || this.said[side] !== undefined)) ? true : undefined;
  }

  private async look(gate: migration.Gate): Promise<void> {
    if (this.busy.has(gate.label)) return;
    this.busy.add(gate.label);
    const holds = await gateHolds(gate, this.sight.move.plan.name);
    this.busy.delete(gate.label);
    if (this.sight.runner.state.gates[gate.label] !== holds) this.sight.runner.feed({ kind: 'gate', label: gate.label, holds });
  }
}
