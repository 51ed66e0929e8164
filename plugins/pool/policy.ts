// Which of the members that may answer do so for this query. Every outcome is made once and kept: choosing makes nothing.
import type { Query } from 'ferrydns/plugin';
import { byRendezvous } from './rendezvous.ts';

export type PolicyName = 'round_robin' | 'weighted' | 'sticky' | 'failover' | 'least_load';

/** A member that may be chosen. */
export interface Candidate {
  readonly label: string;
  /** With the share that its agent wants. */
  readonly weight: number;
  /** What its agent wants, 100 without one. */
  readonly percent: number;
  /** Whether its agent has said anything yet. */
  readonly heard: boolean;
}

/** How far a policy has come; outlives changes of the members. */
export interface Turn {
  /** Answers so far, in a circle. */
  index: number;
  /** From 0 up to 1. */
  phase: number;
}

export interface Selection<C, T> {
  readonly policy: PolicyName;
  /** Members in one outcome at most. */
  readonly count: number;
  readonly turn: Turn;
  /** Makes an outcome of the members chosen; the same for the same members. */
  make(members: readonly C[]): T;
}

/** Chooses for one query after the other. */
export type Selector<T> = (query: Query) => T;

/** Orders of one full set of members that are given in turn. */
const mostOrders = 32;
/** Percentage points from the best within which members take turns, so that the clients of a moment do not all run to one. */
const asGood = 10;
/** The next phase stands in the widest gap of those before it (the golden ratio): shares are met after a few answers already. */
const golden = 0.6180339887498949;
/** Of the phases between two bounds; shorter ones come of rounding. */
const shortestStretch = 1e-9;

/** `candidates` must not be empty. */
export function makeSelector<C extends Candidate, T>(candidates: readonly C[], selection: Selection<C, T>): Selector<T> {
  const { policy, count, make } = selection;
  if (policy === 'round_robin') return inTurn(candidates, selection);
  if (policy === 'least_load') return inTurn(leastLoaded(candidates), selection);
  if (candidates.length <= count || policy === 'failover') {
    const all = make(candidates.slice(0, count));
    return () => all;
  }
  if (policy === 'weighted') return byWeight(candidates, selection);
  return byRendezvous(candidates, count, make);
}

/** Each comes equally often; when all are answered, each comes first equally often. */
function inTurn<C, T>(candidates: readonly C[], { count, turn, make }: Selection<C, T>): Selector<T> {
  const { length } = candidates;
  const size = Math.min(count, length);
  const orders = size === length ? Math.min(length, mostOrders) : length;
  const made: (T | undefined)[] = [];
  return () => {
    turn.index = (turn.index + 1) % orders;
    const { index } = turn;
    const known = made[index];
    if (known !== undefined) return known;
    const first = Math.floor((index * length) / orders);
    const outcome = make(Array.from({ length: size }, (_, i) => candidates[(first + i) % length] as C));
    made[index] = outcome;
    return outcome;
  };
}

/** One whose agent has never spoken may be as loaded as can be. */
function leastLoaded<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  const heard = candidates.filter((candidate) => candidate.heard);
  const known = heard.length > 0 ? heard : candidates;
  const best = Math.max(...known.map(({ percent }) => percent));
  return known.filter(({ percent }) => percent >= best - asGood);
}

/**
 * Systematic sampling: the members' shares lie side by side on a line of the length `count`, and those are chosen in whose share one of the
 * points phase, phase + 1, … falls. There are no more outcomes than members, and each member is in exactly its share of them.
 */
function byWeight<C extends Candidate, T>(candidates: readonly C[], { count, turn, make }: Selection<C, T>): Selector<T> {
  const ends: number[] = [];
  for (const share of shares(candidates, count)) ends.push((ends.at(-1) ?? 0) + share);
  // Phases between two of these bounds have the same outcome.
  const bounds = [0, ...ends.map((end) => end % 1), 1].sort((a, b) => a - b);
  const stretches = bounds
    .slice(1)
    .flatMap((end, i) => (end - (bounds[i] ?? 0) < shortestStretch ? [] : [{ end, middle: (end + (bounds[i] ?? 0)) / 2 }]));
  const stretchEnds = stretches.map(({ end }) => end);
  const made: (T | undefined)[] = [];
  return () => {
    turn.phase = (turn.phase + golden) % 1;
    const at = firstBeyond(stretchEnds, turn.phase);
    const known = made[at];
    if (known !== undefined) return known;
    const middle = stretches[at]?.middle ?? 0;
    const outcome = make(Array.from({ length: count }, (_, i) => candidates[firstBeyond(ends, middle + i)] as C));
    made[at] = outcome;
    return outcome;
  };
}

/** The place of the first of these ascending numbers that is greater; the last place when none is. */
function firstBeyond(ascending: readonly number[], number: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** How often each is to be in an outcome of `count` members: by weight, but at most always. */
function shares(candidates: readonly Candidate[], count: number): number[] {
  const weights = positive(candidates);
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = count;
  let always = Number.POSITIVE_INFINITY;
  for (const weight of [...weights].sort((a, b) => b - a)) {
    if (left === 0 || weight * left < total) break;
    always = weight;
    total -= weight;
    left--;
  }
  const part = left === 0 ? 0 : left / total;
  return weights.map((weight) => (weight >= always ? 1 : weight * part));
}

/** Where all weights are 0, as when members that are down are held, all weigh the same. */
function positive(candidates: readonly Candidate[]): number[] {
  const weights = candidates.map(({ weight }) => weight);
  return weights.some((weight) => weight > 0) ? weights : weights.map(() => 1);
}
