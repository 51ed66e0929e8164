// Looks at both sides of a move and at its gates, and tells the engine what it finds.
import type { PoolService, ServiceAddresses } from 'ferrydns/built-in';
import { type CheckSpec, sharedChecks } from 'ferrydns/built-in/checks';
import { type Move, migration } from 'ferrydns/built-in/moves';
import type { Awaitable, Logger, Metrics, Name, Query, Reply } from 'ferrydns/plugin';
import type { Runner } from '../runner/runner.ts';
import { CheckedAddress } from './checked-address.ts';
import { CheckedName } from './checked-name.ts';
import { CheckedService } from './checked-service.ts';
import { type Refusal, refusalOf } from './gate.ts';
import { obstacleTo } from './sides-apart.ts';

/** Milliseconds between two looks at a gate. */
const gatePace = 5000;

export interface WatchOptions {
  readonly move: Move;
  readonly runner: Runner;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly now: () => number;
  pool(name: Name): PoolService | undefined;
  service(text: string): ServiceAddresses;
  resolve(query: Query): Awaitable<Reply>;
}

type Target = migration.Target;

export class Watch {
  private readonly options: WatchOptions;
  private readonly addresses = new Map<string, CheckedAddress>();
  private readonly named = new Map<string, CheckedName>();
  private readonly services = new Map<string, CheckedService>();
  /** Why B cannot take the place of A, as it was logged last. */
  private obstacle: string | undefined;
  private readonly said: { from: boolean | undefined; to: boolean | undefined } = { from: undefined, to: undefined };
  private readonly busy = new Set<string>();
  /** Why gates did not hold, by label, as it was logged. */
  private readonly causes = new Map<string, string | undefined>();
  /** Ends the commands that run. */
  private readonly ending = new AbortController();
  private gatesAt = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    this.options = options;
    this.forget();
    for (const side of ['from', 'to'] as const) {
      for (const target of options.move.plan.names.flatMap((name) => name[side])) this.add(side, target);
    }
  }

  /** A side that is not looked at any more does not stay ill. */
  private forget(): void {
    for (const side of ['from', 'to'] as const) {
      const { move, runner } = this.options;
      if (!migration.isLookedAt(move.plan, side) && runner.state.unhealthy[side] !== null) runner.feed({ kind: 'check', side, healthy: true });
    }
  }

  /** Time has passed: pools may have changed, gates are to be looked at. */
  tick(): void {
    for (const service of this.services.values()) service.tick();
    this.report();
    for (const named of this.named.values()) named.tick();
    if (this.options.now() - this.gatesAt < gatePace) return;
    this.gatesAt = this.options.now();
    for (const gate of this.options.move.plan.gates) void this.look(gate);
  }

  stop(): void {
    this.ending.abort();
    for (const each of [...this.addresses.values(), ...this.named.values(), ...this.services.values()]) each.release();
  }

  private add(side: 'from' | 'to', target: Target): void {
    const { options } = this;
    const specs = options.move.checks.flatMap((check) => (check.side === side ? [check.spec] : []));
    const [first] = specs;
    const key = keyOf(side, target);
    if (target.kind === 'service') this.addService(side, target.service, specs);
    if (first === undefined || this.addresses.has(key) || this.named.has(key)) return;
    const noted = () => this.report();
    const look = (address: string) => new CheckedAddress(address, { checks: sharedChecks(options), specs, noted });
    if (target.kind === 'address') this.addresses.set(key, look(target.address));
    if (target.kind !== 'name') return;
    const { now } = options;
    this.named.set(key, new CheckedName(target.name, { pace: first.pace, now, look, noted, resolve: (query) => options.resolve(query) }));
  }

  /** The cluster knows how a service is, without a check of the plan as well. */
  private addService(side: 'from' | 'to', text: string, specs: readonly CheckSpec[]): void {
    const { options } = this;
    const key = `${side} ${text}`;
    if (this.services.has(key)) return;
    const noted = () => this.report();
    const where = `${options.move.plan.name}: ${side === 'from' ? 'A' : 'B'}`;
    this.services.set(
      key,
      new CheckedService({
        find: () => options.service(text),
        look: (address) => new CheckedAddress(address, { checks: sharedChecks(options), specs, noted }),
        noted,
        troubled: (why) => (why === undefined ? options.log.info(`${where}: ${text} serves again`) : options.log.warn(`${where}: ${why}`)),
      }),
    );
  }

  private report(): void {
    for (const side of ['from', 'to'] as const) {
      const healthy = this.healthOf(side);
      if (healthy === undefined || healthy === this.said[side]) continue;
      this.said[side] = healthy;
      this.options.runner.feed({ kind: 'check', side, healthy });
    }
  }

  /** A side is well when each of its names has a target that is. Undefined: nothing is known, or nothing is checked. */
  private healthOf(side: 'from' | 'to'): boolean | undefined {
    const { move } = this.options;
    if (!migration.isLookedAt(move.plan, side)) return undefined;
    const states = move.plan.names.map((name) => name[side].map((target) => this.stateOf(side, target)));
    if (states.some((targets) => !targets.includes(true) && targets.includes(undefined))) return undefined;
    if (side === 'to' && this.isObstructed()) return false;
    return states.every((targets) => targets.includes(true));
  }

  private isObstructed(): boolean {
    const { move, log, service } = this.options;
    const { names, mode, name } = move.plan;
    const obstacle = names.map((moved) => obstacleTo(moved, mode, (text) => service(text).addresses)).find((each) => each !== undefined);
    if (obstacle !== undefined && obstacle !== this.obstacle) log.warn(`${name}: ${obstacle}`);
    this.obstacle = obstacle;
    return obstacle !== undefined;
  }

  private stateOf(side: 'from' | 'to', target: Target): boolean | undefined {
    if (target.kind === 'pool') return this.options.pool(target.pool)?.healthy;
    if (target.kind === 'service') return this.services.get(`${side} ${target.service}`)?.state(this.said[side] !== undefined);
    const key = keyOf(side, target);
    return (this.addresses.get(key) ?? this.named.get(key))?.state(this.said[side] !== undefined);
  }

  private async look(gate: migration.Gate): Promise<void> {
    if (this.busy.has(gate.label)) return;
    this.busy.add(gate.label);
    const refusal = await refusalOf(gate, this.options.move.plan.name, this.ending.signal);
    if (this.ending.signal.aborted) return;
    this.busy.delete(gate.label);
    this.tell(gate.label, refusal);
    const holds = refusal === undefined;
    if (this.options.runner.state.gates[gate.label] !== holds) this.options.runner.feed({ kind: 'gate', label: gate.label, holds });
  }

  private tell(label: string, refusal: Refusal | undefined): void {
    const { runner, log } = this.options;
    if (refusal === undefined) runner.gateReasons.delete(label);
    else runner.gateReasons.set(label, refusal.reason);
    if (refusal !== undefined && refusal.cause !== this.causes.get(label)) {
      log.warn(`${runner.plan.name}: gate ${label} does not hold: ${refusal.reason}`);
    }
    this.causes.set(label, refusal?.cause);
  }
}

function keyOf(side: 'from' | 'to', target: Target): string {
  return `${side} ${target.kind === 'address' ? target.address : JSON.stringify(target)}`;
}
