// One replica among several: what it adopts and promises, when its session lives, whom it has not heard of (R2, R3, R4, R6).
import { type Agreement, compareProgress, type Leases, type Member, type Phase, reached, type View } from './agreement.ts';
import { earliest, latest, ruler } from './clock.ts';
import { type Moment, type State, targetDoubt } from './state.ts';

/** What this replica will answer by once it is durable. A session binds it in every phase but original, and there until the store has let it go. */
export function viewOf(state: State, agreement: Agreement, now: Moment): View {
  const member = agreement.members[state.replica];
  const { epoch, phase, step, ttl, oldTtl, flip, begins } = agreement;
  return {
    epoch,
    phase,
    step,
    ttl,
    oldTtl,
    flip: flip === null ? null : { round: flip.round, at: flip.at },
    member: member !== undefined,
    bound: phase !== 'original' || (member?.bound ?? true),
    settled:
      phase === 'draining' &&
      (member?.settled === true || (state.view?.epoch === epoch && state.view.settled) || readyToSettle(state, agreement, now)),
    ...(state.plan.store === 'journal'
      ? {}
      : {
          others: Object.keys(agreement.members)
            .filter((each) => each !== state.replica)
            .sort(),
        }),
    ...(begins === undefined ? {} : { begins }),
    stamp: latest(state, now),
  };
}

/** Whether two views say the same, whenever they were adopted. */
export function sameView(a: View, b: View): boolean {
  return (
    compareProgress(a, b) === 0 &&
    a.member === b.member &&
    a.bound === b.bound &&
    a.settled === b.settled &&
    a.ttl === b.ttl &&
    a.oldTtl === b.oldTtl &&
    String(a.others ?? []) === String(b.others ?? [])
  );
}

/** Blend, draining: B is well and every lease on A this replica handed out is over, caches below included. */
function readyToSettle(state: State, agreement: Agreement, now: Moment): boolean {
  const { view, plan, timing } = state;
  if (plan.mode !== 'blend' || view?.phase !== 'draining' || view.epoch !== agreement.epoch || targetDoubt(state) !== null) return false;
  return now.mono >= leasesOf(state, now).from + timing.caches;
}

/** R3: a renewal was sent less than a session ago, and accepted. A server alone is its own store. */
export function sessionLives(state: State, now: Moment): boolean {
  if (state.plan.store === 'journal') return state.known !== null;
  return sinceRenewal(state, now) < state.timing.session;
}

/** Milliseconds since the last renewal was sent, as those count them who do not sleep while this machine does. */
export function sinceRenewal(state: State, now: Moment): number {
  return state.renewed === null ? Number.POSITIVE_INFINITY : ruler(state, now) - state.renewed;
}

/** A third of a session, so that two renewals may be lost. A server alone says nothing: nobody listens. */
export function renewalDue(state: State, agreement: Agreement, now: Moment): boolean {
  if (state.plan.store === 'journal' || agreement.phase === 'original' || agreement.phase === 'released') return false;
  return sinceRenewal(state, now) >= state.timing.session / 3;
}

/** The ends of the latest leases of this replica, those of an earlier run included, by the monotonic clock. */
export function leasesOf({ restart }: State, { leased }: Moment): Leases {
  return { from: Math.max(leased.from, restart.from), to: Math.max(leased.to, restart.to) };
}

/** The same by the time of the plan. What has been said once stays as it was said, whatever has become of the clock since. */
function statedLeases(state: State, before: Member | undefined, now: Moment): Leases {
  const ends = leasesOf(state, now);
  const end = (side: 'from' | 'to') => {
    if (before !== undefined && state.stated !== null && state.stated[side] === ends[side]) return before.lease[side];
    return ends[side] === 0 ? 0 : latest(state, now) + ends[side] - now.mono;
  };
  return { from: end('from'), to: end('to') };
}

/** This replica as it should stand in the agreement. Statements about itself follow what is durable, never the other way round. */
export function memberOf(state: State, agreement: Agreement, now: Moment): Member {
  const before = agreement.members[state.replica];
  const { view } = state;
  const stamp = latest(state, now);
  const since = earliest(state, now);
  const obeys = view ?? { epoch: 0, phase: 'original' as const };
  const moved = before === undefined || before.epoch !== obeys.epoch || before.phase !== obeys.phase;
  return {
    beat: (before?.beat ?? 0) + 1,
    stamp,
    bound: agreement.phase !== 'original' && (view === null || view.bound),
    epoch: obeys.epoch,
    phase: obeys.phase,
    // One that is ahead of the clock was stated before the clock was set back: the wait begins anew.
    since: moved ? since : Math.min(before.since, since),
    lease: statedLeases(state, before, now),
    settled: view !== null && view.epoch === agreement.epoch && view.settled,
    clean: upstreamClean(state, agreement, now),
    ...(state.plan.mode === 'blend' && state.unhealthy.to !== null && reached(agreement.phase, 'transition') ? { ill: true } : {}),
  };
}

/** Whether the statement differs in more than beat and time. */
export function saysNews(before: Member, after: Member): boolean {
  return (
    before.bound !== after.bound ||
    before.epoch !== after.epoch ||
    before.phase !== after.phase ||
    before.settled !== after.settled ||
    before.clean !== after.clean ||
    before.ill !== after.ill
  );
}

/**
 * What was seen and handed out at the longest, in seconds. Every replica says so, and what was handed out before the move is known when it begins, or as long
 * as its end is waited for, should the upstream have shown it late: no restart may forget it.
 */
export function longestTtls({ plan, preflight, upstream }: State, agreement: Agreement): Pick<Agreement, 'oldTtl' | 'upstreamTtl'> {
  const { phase, oldTtl, upstreamTtl, begins } = agreement;
  // Clients of a plan that has taken over were answered by the one before, whatever the upstream shows.
  const before: readonly Phase[] = begins?.givenBack === false ? [] : ['original', 'lowering'];
  return {
    oldTtl: before.includes(phase) ? Math.max(oldTtl, phase === 'original' ? (plan.ttl ?? 0) : 0, preflight?.ttl ?? 0) : oldTtl,
    upstreamTtl: Math.max(upstreamTtl, upstream.longest),
  };
}

/** R4: whether this replica has promised this proposal durably and has not said so yet. */
function owesAck(state: State, agreement: Agreement, now: Moment): boolean {
  const { view } = state;
  const { flip } = agreement;
  if (flip === null || flip.committed || view === null || view.flip === null || !isCompared(state, agreement, now)) return false;
  return (
    agreement.phase === 'countdown' && view.epoch === agreement.epoch && view.flip.round === flip.round && flip.acks[state.replica] === undefined
  );
}

/** R4: the acknowledgement states until when leases on A of this replica may last. */
export function acknowledge(state: State, base: Agreement, now: Moment): Agreement {
  const mine = base.members[state.replica];
  if (base.flip === null || mine === undefined || !owesAck(state, base, now)) return base;
  return { ...base, flip: { ...base.flip, acks: { ...base.flip.acks, [state.replica]: mine.lease.from } } };
}

/** R4: every registered replica has acknowledged this proposal. */
export function readyToCommit(state: State, { flip, members }: Agreement): boolean {
  if (!state.rules.allAcks) return true;
  return flip !== null && Object.keys(members).every((replica) => flip.acks[replica] !== undefined);
}

/** R3: bound replicas whose session was seen to be over; their promise makes them silent. The clock is this process's own. */
export function expiredReplicas(state: State, agreement: Agreement, now: Moment): readonly string[] {
  if (state.plan.store === 'journal') return [];
  return Object.entries(agreement.members)
    .filter(([replica, member]) => replica !== state.replica && member.bound && silentFor(state, replica, now) >= state.timing.session)
    .map(([replica]) => replica);
}

/** How long nothing has been heard of a replica. */
export function silentFor(state: State, replica: string, now: Moment): number {
  const seen = state.seen[replica];
  return seen === undefined ? 0 : now.mono - seen.mono;
}

/** Why those are gone whose session is over. */
export function leftOut(before: Agreement, after: Agreement): string {
  const silent = Object.keys(before.members).filter((replica) => after.members[replica] === undefined);
  return `replica ${silent.join(', ')} is left out: not heard for a session`;
}

/** The agreement without these replicas; what they may have handed out stays in the floor. */
export function withoutReplicas(
  state: State,
  agreement: Agreement,
  { gone, now }: { readonly gone: readonly string[]; readonly now: Moment },
): Agreement {
  const { timing } = state;
  const lowered = reached(agreement.phase, 'transition');
  const ttl = lowered ? timing.transitionTtl : Math.max(agreement.ttl * 1000, agreement.oldTtl * 1000, timing.transitionTtl);
  const end = latest(state, now) + ttl + timing.slack + timing.skew;
  const handsOutB = reached(agreement.phase, 'transition') && !(state.plan.mode === 'exclusive' && !reached(agreement.phase, 'draining'));
  return {
    ...agreement,
    members: Object.fromEntries(Object.entries(agreement.members).filter(([replica]) => !gone.includes(replica))),
    floor: {
      from: Math.max(agreement.floor.from, end),
      to: handsOutB || agreement.epoch > 1 ? Math.max(agreement.floor.to, end) : agreement.floor.to,
    },
  };
}

/**
 * The agreement when another process takes the name of a replica of which nobody knows whether it has ended: what it said stands under a name of its own
 * until its session is over (R3), or somebody forgets it. One that answers A no more, whatever it hears, need not be waited for.
 */
export function setApart(agreement: Agreement, { replica, as }: { readonly replica: string; readonly as: string }): Agreement {
  const { members, flip, phase } = agreement;
  const member = members[replica];
  if (member === undefined || member.settled || flip?.committed === true || reached(phase, 'done')) return agreement;
  return {
    ...agreement,
    members: renamed(members, replica, as),
    flip: flip === null ? null : { ...flip, acks: renamed(flip.acks, replica, as) },
  };
}

function renamed<T>(entries: Readonly<Record<string, T>>, name: string, as: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(entries).map(([each, value]) => [each === name ? as : each, value]));
}

/**
 * Notes the beats of the others, and whose clock cannot be within `skew` of this one (R6). A stamp was made between two readings of the store. Where these are
 * far apart, as after a cut, that clears nobody who was found to be off.
 */
export function observePeers(state: State, agreement: Agreement, now: Moment): Pick<State, 'seen' | 'skewedBy' | 'readAt'> {
  const { skew, margin } = state.timing;
  const { readAt } = state;
  const wall = latest(state, now);
  const isClose = readAt !== null && wall - readAt <= skew + 2 * margin;
  let skewedBy: string | null = null;
  const seen: Record<string, State['seen'][string]> = {};
  for (const [replica, member] of Object.entries(agreement.members)) {
    if (replica === state.replica) continue;
    const before = state.seen[replica];
    const fresh = before === undefined || before.beat !== member.beat;
    // The first stamp that is seen may be as old as it likes.
    seen[replica] = fresh ? { beat: member.beat, mono: now.mono, compared: before !== undefined && isClose } : before;
    const ahead = member.stamp > wall + skew;
    const behind = fresh && before !== undefined && readAt !== null && member.stamp < readAt - skew;
    const stillOff = !(fresh && isClose) && state.skewedBy === replica;
    if (state.rules.skew && (ahead || behind || stillOff)) skewedBy = replica;
  }
  return { seen, skewedBy, readAt: wall };
}

/** R6: whether the clock of this replica has been compared with those of all others that may still answer, in this run or when it promised this flip. */
export function isCompared(state: State, agreement: Agreement, now: Moment): boolean {
  const { promised, skewedBy, rules } = state;
  if (state.plan.store === 'journal' || !rules.skew) return true;
  if (promised !== null && promised.epoch === agreement.epoch && promised.flip?.round === agreement.flip?.round) return true;
  const isSilent = (replica: string) => silentFor(state, replica, now) >= state.timing.session;
  if (skewedBy !== null && !isSilent(skewedBy)) return false;
  return Object.keys(agreement.members).every((each) => each === state.replica || state.seen[each]?.compared === true || isSilent(each));
}

/** The flip that this run has acknowledged last. */
export function promisedBy({ promised, replica, known }: State, { epoch, flip }: Agreement): State['promised'] {
  const isNew = flip?.acks[replica] !== undefined && known?.agreement?.flip?.acks[replica] === undefined;
  return isNew ? { epoch, flip } : promised;
}

/** Hand-back: all upstreams have shown B alone for longer than the longest TTL they ever showed, plus slack, and as often as the plan wants. */
function upstreamClean(state: State, agreement: Agreement, now: Moment): boolean {
  return upstreamDoubt(state, agreement, now) === null;
}

/** Why the upstream is not known to show B alone; null: it is. */
export function upstreamDoubt(state: State, agreement: Agreement, now: Moment): string | null {
  const { cleanSince, longest, drawn, missing } = state.upstream;
  if (cleanSince === null) return 'it does not show B alone';
  if (missing.length > 0) return `${missing.join(', ')} does not answer, and may lead to A when it does`;
  const wanted = Math.max(longest, agreement.upstreamTtl) * 1000 + state.timing.slack;
  const short = wanted - (now.mono - cleanSince);
  const left = Math.max(short >= 0 ? Math.floor(short / 1000) + 1 : 0, drawn.seen < drawn.wanted ? (drawn.left ?? 0) : 0);
  if (drawn.seen < drawn.wanted) return `${drawn.seen} of ${drawn.wanted} independent answers seen, about ${left} s more`;
  return short >= 0 ? `about ${left} s more, for what caches may still have` : null;
}
