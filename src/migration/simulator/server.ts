// The real engine on a virtual clock: a server alone, whose journal and fence are as quick as the simulation says.
import type { Leases } from '../agreement.ts';
import { type Steering, steering } from '../answers.ts';
import { begin } from '../begin.ts';
import { step } from '../engine.ts';
import type { Plan } from '../plan.ts';
import type { Command, Effect, Event, FenceOutcome, Moment, State } from '../state.ts';
import { shownHorizon, shownPhase } from '../status.ts';

/** Virtual time 0 on the wall clock, in milliseconds: any moment, but not 0. */
const start = 1_700_000_000_000;

/** A server that is told what time it is, in seconds of the simulation. */
export interface VirtualServer {
  readonly now: number;
  readonly steering: Steering;
  readonly phase: string;
  /** When A may be switched off, in seconds of the simulation; null: not known yet. */
  readonly horizon: number | null;
  readonly fencedAt: number | null;
  advanceTo(seconds: number): void;
  tell(event: Event): void;
  command(verb: Command['verb']): void;
  /** Notes that A (or B) was handed out with this TTL now. */
  hand(side: 'from' | 'to', ttl: number): void;
  refused(): readonly string[];
}

/** How a fence runs: so many seconds, or it fails at once, or it is cut short when its time is over, and has shut A by then. */
export type FenceRun = number | 'fails' | 'cut';

export function virtualServer(plan: Plan, fenceRun: FenceRun = 0): VirtualServer {
  // A store that servers share has been empty for a session: the plan is registered when time begins.
  let now = -plan.session;
  let leased: Leases = { from: 0, to: 0 };
  let version = 0;
  let fence: { attempt: number; at: number } | null = null;
  let fencedAt: number | null = null;
  const refusals: string[] = [];
  const moment = (): Moment => ({ wall: start + now * 1000, mono: now * 1000, leased });
  let state: State = begin({ plan, replica: 'simulated', view: null, now: moment() });

  const tell = (event: Event): void => {
    const stepped = step(state, event, moment());
    state = stepped.state;
    for (const effect of stepped.effects) carryOut(effect);
  };

  const carryOut = (effect: Effect): void => {
    if (effect.kind === 'commit') tell({ kind: 'committed', id: effect.id, version: ++version });
    if (effect.kind === 'append') tell({ kind: 'durable', seq: effect.seq });
    if (effect.kind === 'fence') fence = { attempt: effect.attempt, at: now + fenceLength(plan, fenceRun) };
    if (effect.kind === 'verdict' && !effect.ok) refusals.push(effect.reason);
  };

  const runFence = (): void => {
    if (fence === null || fence.at > now) return;
    const { attempt } = fence;
    fence = null;
    if (fenceRun !== 'fails') fencedAt ??= now;
    tell({ kind: 'fenced', attempt, outcome: outcomeOf(fenceRun), output: '' });
  };

  tell({ kind: 'read', version: 0, agreement: null });
  now = 0;
  tell({ kind: 'tick' });
  for (const { label } of plan.gates) tell({ kind: 'gate', label, holds: true });
  for (const side of ['from', 'to'] as const) tell({ kind: 'check', side, healthy: true });

  return {
    get now() {
      return now;
    },
    get steering() {
      return steering(state, moment());
    },
    get phase() {
      return shownPhase(state, moment()) ?? 'none';
    },
    get horizon() {
      const { at } = shownHorizon(state);
      return at === null ? null : (at - start) / 1000;
    },
    get fencedAt() {
      return fencedAt;
    },
    advanceTo(seconds) {
      now = seconds;
      tell({ kind: 'tick' });
      runFence();
    },
    tell,
    command(verb) {
      tell({ kind: 'operator', command: { verb, id: verb, epoch: state.known?.agreement?.epoch ?? 0, by: 'simulation' } });
    },
    hand(side, ttl) {
      const end = now * 1000 + ttl * 1000 + state.timing.slack;
      if (end > leased[side]) leased = { ...leased, [side]: end };
    },
    refused: () => refusals,
  };
}

/** Seconds. */
function fenceLength({ fence }: Plan, run: FenceRun): number {
  if (run === 'cut') return fence?.timeout ?? 0;
  return run === 'fails' ? 0 : run;
}

function outcomeOf(run: FenceRun): FenceOutcome {
  if (run === 'cut') return 'unknown';
  return run === 'fails' ? 'failed' : 'done';
}

/** No plan: what an upstream does that hands out A and B in turn until this second, and B alone from then on. */
export function mixingUpstream(ttl: number, until: number): VirtualServer {
  let now = 0;
  return {
    get now() {
      return now;
    },
    get steering(): Steering {
      return now < until ? { kind: 'weight', share: 50, ttl } : { kind: 'fixed', answer: 'to', ttl };
    },
    get phase() {
      return now < until ? 'A or B' : 'B';
    },
    horizon: null,
    fencedAt: null,
    advanceTo(seconds) {
      now = seconds;
    },
    tell() {},
    command() {},
    hand() {},
    refused: () => [],
  };
}
