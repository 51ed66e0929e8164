// The phases of a plan as a reader follows them: which there are, what each is for, and where the plan is.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { spellLength } from '../words/length.ts';

export type Phase = NonNullable<PlanStatus['phase']>;

const blend: readonly Phase[] = ['original', 'lowering', 'transition', 'draining', 'done', 'released'];
const exclusive: readonly Phase[] = ['original', 'lowering', 'countdown', 'flipping', 'draining', 'done', 'released'];

/** What happens in each phase, and what ends it. */
export const purposes: Readonly<Record<Phase, string>> = {
  original: 'A is answered. Waits for an order to start.',
  lowering: 'A is answered with the short TTL, until no answer with the old TTL is alive.',
  transition: 'Clients are led to A and to B, step by step.',
  countdown: 'Every replica promises to hand out A no longer from the same moment on.',
  flipping: 'Nothing is answered until no lease on A is alive, or the fence has shut A.',
  draining: 'B is answered. Those who hold A may keep it until their lease ends.',
  done: 'B is answered, and nobody holds A. Waits until the upstream shows B as well.',
  released: 'The names are given back: the plugins behind answer them.',
};

type Place = 'past' | 'now' | 'to come';

export interface TrackPhase {
  readonly phase: Phase;
  readonly place: Place;
}

/** Every phase of the plan with its place; nothing is known of the place before the store was heard. */
export function trackOf({ mode, phase }: Pick<PlanStatus, 'mode' | 'phase'>): readonly TrackPhase[] {
  const track = mode === 'exclusive' ? exclusive : blend;
  const at = phase === null ? -1 : track.indexOf(phase);
  return track.map((each, i) => ({ phase: each, place: i < at ? 'past' : i === at ? 'now' : 'to come' }));
}

/** Whether clients may be on their way from A to B. */
export function isMoving(phase: PlanStatus['phase']): boolean {
  return phase !== null && phase !== 'original' && phase !== 'done' && phase !== 'released';
}

/** How long ago another replica was heard, in words; undefined where that says nothing: replicas speak in the course of a move alone. */
export function heardOf({ phase, replicas, replica: own }: PlanStatus, replica: string): string | undefined {
  const told = replicas.find((each) => each.replica === replica);
  return told === undefined || replica === own || !isMoving(phase) ? undefined : `${spellLength(told.silent_for * 1000)} ago`;
}

/** How the names are answered at this moment, in words. */
export function answersOf({ answers }: Pick<PlanStatus, 'answers'>): string {
  if (answers.kind === 'silent') return `nothing: ${answers.why}`;
  const { ttl } = answers;
  if (answers.kind === 'canary') return `B to ${answers.share}% of the clients, TTL ${ttl} s`;
  if (answers.kind === 'weight') return `B in ${answers.share}% of the answers, TTL ${ttl} s`;
  if (answers.answer === 'pass') return 'what the plugins behind say';
  return `${{ from: 'A', to: 'B', both: 'A and B' }[answers.answer]}, TTL ${ttl} s`;
}

/** What has to come where nothing is in the way of the next phase. */
export function nextOf({ phase, paused, fence, mode }: Pick<PlanStatus, 'phase' | 'paused' | 'fence' | 'mode'>): string {
  if (phase === null) return 'the journal or the store has to be heard first';
  if (paused) return 'paused: waits for the order to resume';
  switch (phase) {
    case 'original':
      return 'waits for the order to start';
    case 'lowering':
      return mode === 'exclusive' ? 'waits for the order to begin the countdown' : 'waits for the order to begin the transition';
    case 'transition':
      return 'waits for the order to go on';
    case 'done':
      return 'waits for the order to give the names back';
    case 'countdown':
      return 'until the flip';
    case 'flipping':
      return fence === null ? 'until the last lease on A is over' : fenceWait(fence);
    default:
      return 'nothing is waited for';
  }
}

function fenceWait({ state, may_have_run: doubt }: NonNullable<PlanStatus['fence']>): string {
  if (state === 'failed' && !doubt) return 'the fence has failed: waits for an order to run it again, or to roll back';
  if (state === 'failed' || state === 'unknown')
    return 'a fence may have run: waits for an order to run it again, or for somebody who has seen that A is open';
  return 'until the fence has shut A';
}

/** What the upstream says of the names. */
export function upstreamOf({ now, before }: PlanStatus['upstream']): string {
  const mixes = before?.mixed === true ? '; it has mixed A and B' : '';
  if (now === null) return `not asked yet${mixes}`;
  if (now.shows === 'nothing') return `neither A nor B${mixes}`;
  return `${{ from: 'A', to: 'B', mixed: 'A and B' }[now.shows]}, TTL ${now.ttl} s${mixes}`;
}
