// What tests ask of one replica: how its move stands, and what a query would be answered with.
import type { Phase } from '../../src/migration/agreement.ts';
import { type QueryFacts, steer, steering } from '../../src/migration/answers.ts';
import { earliest } from '../../src/migration/clock.ts';
import type { Horizon } from '../../src/migration/horizon.ts';
import { isRolledBack } from '../../src/migration/horizon.ts';
import { type Wait, waitOf } from '../../src/migration/phases.ts';
import type { Moment, State } from '../../src/migration/state.ts';
import { shownHorizon, shownPhase } from '../../src/migration/status.ts';

export interface Answer {
  readonly answer: ReturnType<typeof steer> | 'silent';
  /** Seconds; 0 where nothing is answered. */
  readonly ttl: number;
}

export function answerFor(state: State, now: Moment, { random = 0, client = '192.0.2.77' }: Partial<QueryFacts> = {}): Answer {
  const how = steering(state, now);
  return how.kind === 'silent' ? { answer: 'silent', ttl: 0 } : { answer: steer(state, how, { random, client }), ttl: how.ttl };
}

export interface Status {
  readonly epoch: number | null;
  readonly phase: Phase | null;
  readonly paused: boolean;
  /** F, once it is proposed. */
  readonly flipAt: number | null;
  readonly waits: Wait | null;
  readonly horizon: Horizon;
  readonly mayBeSwitchedOff: boolean;
}

export function statusOf(state: State, now: Moment): Status {
  const agreement = state.known?.agreement ?? null;
  const horizon = shownHorizon(state);
  const ended = agreement !== null && !isRolledBack(agreement) && (agreement.phase === 'done' || agreement.phase === 'released');
  return {
    epoch: agreement?.epoch ?? state.view?.epoch ?? null,
    phase: shownPhase(state, now),
    paused: agreement?.paused ?? false,
    flipAt: agreement?.flip?.at ?? state.view?.flip?.at ?? null,
    waits: agreement === null ? { why: 'the store has not been heard', until: null } : waitOf(state, agreement, now),
    horizon,
    mayBeSwitchedOff: ended && horizon.at !== null && earliest(state, now) >= horizon.at,
  };
}
