// What a query for a moved name is answered with. Pure, and cheap: the phase decides once, a random number or the client decides per query.
import type { View } from './agreement.ts';
import { latest } from './clock.ts';
import type { Plan } from './plan.ts';
import { isCompared, sessionLives } from './replicas.ts';
import { unheard } from './restoration.ts';
import type { Moment, State } from './state.ts';

/** What decides between A and B for one query. */
export interface QueryFacts {
  /** Uniform in [0, 1). */
  readonly random: number;
  /** The client's address, or its subnet where the query carries one. */
  readonly client: string;
}

/**
 * How all queries of this moment are answered: as long as it is `fixed` or `silent`, an answer can be encoded once. `ttl` is in seconds, 0 where the plan
 * does not answer.
 */
export type Steering =
  | { readonly kind: 'fixed'; readonly answer: 'from' | 'to' | 'both' | 'pass'; readonly ttl: number }
  /** The share of answers, in percent, that lead to B. */
  | { readonly kind: 'weight'; readonly share: number; readonly ttl: number }
  /** The share of clients, in percent. */
  | { readonly kind: 'canary'; readonly share: number; readonly ttl: number }
  | { readonly kind: 'silent'; readonly why: string };

/** Where one query is led; `both`: A and B in one answer, to be rotated; `pass`: the next plugin answers. */
export function steer(
  { plan }: Pick<State, 'plan'>,
  how: Exclude<Steering, { readonly kind: 'silent' }>,
  { random, client }: QueryFacts,
): 'from' | 'to' | 'both' | 'pass' {
  if (how.kind === 'fixed') return how.answer;
  return (how.kind === 'weight' ? random : place(client, plan.name)) * 100 < how.share ? 'to' : 'from';
}

/** How queries are answered at this moment. */
export function steering(state: State, now: Moment): Steering {
  const { view } = state;
  if (view === null) return withoutView(state);
  if (view.phase === 'released') return { kind: 'fixed', answer: 'pass', ttl: 0 };
  return state.plan.mode === 'exclusive' ? exclusive(state, view, now) : blend(state, view);
}

/** R5: without a journal of its own and the store, a replica does not know which side is right, and does not guess. */
function withoutView(state: State): Steering {
  if (!state.rules.freshSilent) return { kind: 'fixed', answer: 'from', ttl: steadyTtl(state.plan, 0) };
  return silent('neither journal nor store has been heard');
}

function exclusive(state: State, view: View, now: Moment): Steering {
  const { timing, rules, plan } = state;
  if (view.phase === 'flipping') return silent('between A and B');
  // Nor with B: a plan that takes over does not wait for a replica that is not registered.
  if (!view.member) return silent('not registered');
  if (view.phase === 'draining') return fixed('to', plan.transitionTtl);
  if (view.phase === 'done') return fixed('to', view.ttl);
  if (rules.session && view.bound && !sessionLives(state, now)) return silent('the store has not been heard for a session');
  const doubt = doubtOf(state, view, now);
  if (doubt !== null) return silent(doubt);
  if (view.flip === null) return fixed('from', view.phase === 'original' ? steadyTtl(plan, originalTtl(state, view)) : plan.transitionTtl);
  const left = view.flip.at - timing.skew - latest(state, now);
  if (left <= 0) return rules.promiseKept ? silent('past the flip') : fixed('from', plan.transitionTtl);
  return fixed('from', Math.min(plan.transitionTtl, Math.floor(left / 1000)));
}

const uncompared = 'the clock has not been compared with those of the other replicas yet';

/** R6: F was promised in another run, or agreed on without this replica, and nobody knows whether its clock is that of the others. */
function isUncompared(state: State, now: Moment): boolean {
  const agreement = state.known?.agreement ?? null;
  if (agreement === null || agreement.flip === null) return false;
  const { committed, acks } = agreement.flip;
  return (committed || acks[state.replica] !== undefined) && !isCompared(state, agreement, now);
}

/** Why others may answer B although this replica knows of nothing that would keep it from A. */
function doubtOf(state: State, view: View, now: Moment): string | null {
  const agreement = state.known?.agreement ?? null;
  const [replica] = agreement === null || view.phase === 'original' ? [] : unheard(agreement);
  if (replica !== undefined) return `the store had lost the plan, and replica ${replica} has not said yet what it knows`;
  if (unpromised(state, view)) return 'a flip is agreed on that this replica has not promised yet';
  return isUncompared(state, now) ? uncompared : null;
}

/** R4: a replica that was removed and comes back meets a flip that did not wait for it. Its new session is no leave to hand out A. */
function unpromised({ known }: State, view: View): boolean {
  const agreement = known?.agreement ?? null;
  if (agreement === null || agreement.flip === null || !agreement.flip.committed) return false;
  return view.epoch !== agreement.epoch || view.flip?.round !== agreement.flip.round;
}

/** A replica without the store holds its last answer: only one that was never registered is silent, because no horizon would know of it. */
function blend(state: State, view: View): Steering {
  const { plan, unhealthy } = state;
  if (!view.member) return silent('not registered');
  if (view.phase === 'original') return fixed('from', steadyTtl(plan, originalTtl(state, view)));
  if (view.phase === 'done') return fixed('to', view.ttl);
  const ttl = plan.transitionTtl;
  if (view.phase === 'lowering') return fixed('from', ttl);
  if (view.settled) return fixed('to', ttl);
  // P4: an unhealthy target never leaves a client without the other one.
  if (unhealthy.to !== null && unhealthy.from === null) return fixed('from', ttl);
  if (view.phase === 'draining' || plan.role === 'new') return fixed('to', ttl);
  if (plan.canary.length > 0) return { kind: 'canary', share: plan.canary[view.step] ?? 100, ttl };
  return plan.weight === null ? fixed('both', ttl) : { kind: 'weight', share: plan.weight, ttl };
}

/**
 * Where a client stands between 0 and 1: rendezvous hashing of client and plan name. A client is led to B while this is below the share,
 * so a growing share moves no one back; the epoch is no part of it.
 */
export function place(client: string, planName: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < planName.length; i++) hash = Math.imul(hash ^ planName.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ 0x2f, 0x01000193);
  for (let i = 0; i < client.length; i++) hash = Math.imul(hash ^ client.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function originalTtl(state: State, view: View): number {
  return view.ttl > 0 ? view.ttl : (state.preflight?.ttl ?? 0);
}

/** T: given, or learnt, or, before either is known, the short one. */
function steadyTtl(plan: Plan, learnt: number): number {
  return plan.ttl ?? (learnt > 0 ? learnt : plan.transitionTtl);
}

function fixed(answer: 'from' | 'to' | 'both', ttl: number): Steering {
  return { kind: 'fixed', answer, ttl };
}

function silent(why: string): Steering {
  return { kind: 'silent', why };
}
