// The heart of a move: `step(state, event, now)` gives the next state and what is to be done. No clock, socket, disk or random number inside.
// P1 to P5 and R1 to R6 are the promises and rules of docs/architecture.md, "The law of a move".
import type { Agreement, Step } from './agreement.ts';
import { alarm, cleared, raiseAlarms } from './alarms.ts';
import { earliest, ruler, stepWords, takeOver, tellStep, watchClock } from './clock.ts';
import { hear } from './hearing.ts';
import { carryOut, commandRefusal, outcomeOf, settledBefore, startDoubt } from './operator.ts';
import { progress } from './phases.ts';
import { forbiddenChanges, hashOf, timingOf } from './plan.ts';
import {
  acknowledge,
  expiredReplicas,
  isCompared,
  leasesOf,
  leftOut,
  longestTtls,
  memberOf,
  promisedBy,
  renewalDue,
  sameView,
  saysNews,
  viewOf,
  withoutReplicas,
} from './replicas.ts';
import { confirmed, putBack, unheard } from './restoration.ts';
import type { Effect, Event, Moment, State, Stepped } from './state.ts';
import { otherPlan, planInForce, sidesOf, successionRefusal, takenOver, takeover } from './succession.ts';

/** First what the event tells, then what this replica writes to its journal, then what it proposes to the store. */
export function step(state: State, event: Event, now: Moment): Stepped {
  const watched = watchClock(state, now);
  const heard = take(watched, event, now);
  const told = tellStep(state, watched);
  // What has just failed is tried again at the next event, not at once.
  if (event.kind === 'unreachable' || event.kind === 'write-failed') return { state: heard.state, effects: [...told, ...heard.effects] };
  const adopted = adopt(heard.state, now);
  const proposed = propose(adopted.state, now);
  const alarmed = raiseAlarms(proposed.state);
  return { state: alarmed.state, effects: [...told, ...heard.effects, ...adopted.effects, ...proposed.effects, ...alarmed.effects] };
}

function take(state: State, event: Event, now: Moment): Stepped {
  switch (event.kind) {
    case 'tick':
      return plain(state);
    case 'read':
      return hear(state, event, now);
    case 'committed':
      return committed(state, event, now);
    case 'conflict':
      return state.sending?.id === event.id ? hear({ ...state, sending: null }, event, now) : plain(state);
    case 'unreachable':
      return state.sending?.id === event.id ? unreachable(state, event.reason) : plain(state);
    case 'durable':
      return plain(state.writing?.seq === event.seq ? durable(cleared(state, 'disk'), state.writing) : state);
    case 'write-failed':
      if (state.writing?.seq !== event.seq) return plain(state);
      return alarm({ ...state, writing: null }, 'disk', `the journal cannot be written, no phase begins: ${event.reason}`);
    case 'fenced':
      return fenced(state, event);
    case 'operator':
      return command(state, event.command, now);
    case 'plan':
      return reload(state, event);
    default:
      return plain(observe(state, event, now));
  }
}

/** What checks, gates, preflight and probes say. */
function observe(state: State, event: Extract<Event, { kind: 'check' | 'gate' | 'upstream' | 'preflight' | 'probe' }>, now: Moment): State {
  switch (event.kind) {
    case 'check':
      return {
        ...state,
        checked: { ...state.checked, [event.side]: true },
        unhealthy: { ...state.unhealthy, [event.side]: event.healthy ? null : (state.unhealthy[event.side] ?? now.mono) },
        openSince: event.side === 'to' ? state.openSince : event.healthy ? (state.openSince ?? now.mono) : null,
      };
    case 'gate':
      return { ...state, gates: { ...state.gates, [event.label]: event.holds } };
    case 'upstream':
      return { ...state, upstream: { ...state.upstream, there: event.there } };
    case 'preflight':
      return { ...state, preflight: event };
    case 'probe': {
      const { shows, ttl, drawn, missing } = event;
      const longest = Math.max(state.upstream.longest, ttl);
      const cleanSince = shows === 'to' ? (state.upstream.cleanSince ?? now.mono) : null;
      return { ...state, upstream: { ...state.upstream, longest, cleanSince, drawn, missing } };
    }
  }
}

function unreachable(state: State, reason: string): Stepped {
  const alone = state.plan.store === 'journal';
  const { sending, command } = state;
  const doubted = command === null || command.id !== sending?.command ? command : { ...command, tried: sending.agreement };
  const alarmed = alarm(
    { ...state, sending: null, command: doubted },
    alone ? 'disk' : 'store',
    `nothing can be agreed on, no phase begins: ${reason}`,
  );
  return { state: alarmed.state, effects: [...alarmed.effects, { kind: 'fetch' }] };
}

function committed(state: State, event: Extract<Event, { kind: 'committed' }>, now: Moment): Stepped {
  const { sending } = state;
  if (sending === null || sending.id !== event.id) return plain(state);
  const done = sending.command !== null && sending.command === state.command?.id;
  const { fence } = sending.agreement;
  const began = fence.state === 'begun' && fence.by === state.replica && fence.attempt !== state.known?.agreement?.fence.attempt;
  const verdict: readonly Effect[] = sending.command === null ? [] : [{ kind: 'verdict', id: sending.command, ok: true, reason: '' }];
  const settled = {
    ...cleared(state, state.plan.store === 'journal' ? 'disk' : 'store'),
    sending: null,
    renewed: sending.sent,
    stated: sending.leases,
    promised: promisedBy(state, sending.agreement),
    clock: { ...state.clock, untold: state.clock.untold - sending.told },
    aborted: sending.aborts ?? (sending.agreement.phase === 'original' ? state.aborted : null),
    begunFence: began ? fence.attempt : state.begunFence,
    command: done ? null : state.command,
  };
  const heard = hear(settled, { version: event.version, agreement: sending.agreement }, now);
  return { state: heard.state, effects: [...verdict, ...heard.effects] };
}

function fenced(state: State, event: Extract<Event, { kind: 'fenced' }>): Stepped {
  const said = { done: 'succeeded', failed: 'failed', unknown: 'was cut short, it may have run' }[event.outcome];
  const note: Effect = { kind: 'note', level: event.outcome === 'done' ? 'info' : 'warn', text: `fence ${said}: ${event.output}`, by: state.replica };
  if (state.fencing?.attempt !== event.attempt) return { state, effects: [note] };
  return { state: { ...state, fencing: { attempt: event.attempt, result: event.outcome, output: event.output } }, effects: [note] };
}

function command(state: State, asked: Extract<Event, { kind: 'operator' }>['command'], now: Moment): Stepped {
  const settled = settledBefore(state, asked);
  if (settled !== null) return { state, effects: [{ kind: 'verdict', id: asked.id, ...settled }] };
  const reason = commandRefusal(state, asked, now);
  const from = state.known?.agreement ?? null;
  if (reason !== null || from === null) return { state, effects: [{ kind: 'verdict', id: asked.id, ok: false, reason: reason ?? '' }] };
  const { epoch, phase, step: canary, flip } = from;
  const ready = asked.verb === 'start' && state.clock.behind !== null ? takeOver(state, now) : state;
  const accepted: State = { ...ready, command: { ...asked, from: { epoch, phase, step: canary, flip }, tried: null } };
  const doubt = asked.verb === 'start' ? startDoubt(state) : null;
  return { state: accepted, effects: doubt === null ? [] : [{ kind: 'note', level: 'warn', text: doubt, by: state.replica }] };
}

/** What is answered by changes with the plan that it is of, never one before the other. */
function durable(state: State, { view, plan }: NonNullable<State['writing']>): State {
  return { ...(plan === state.plan ? state : takenOver(state, plan)), writing: null, view };
}

/** A reload: fields no promise rests on are taken over, others before the move begins, or by a plan that comes after this one. */
function reload(state: State, { plan, anew }: Extract<Event, { kind: 'plan' }>): Stepped {
  const { view, known } = state;
  if (anew === true && view?.phase === 'released') return plain({ ...state, next: plan });
  if (view !== null && view.phase !== 'original' && forbiddenChanges(state.plan, plan).length > 0) {
    const handedOver = known?.agreement != null && planInForce({ ...state, next: plan }, known.agreement) !== null;
    const reason = handedOver ? null : successionRefusal(state.plan, plan, view);
    return reason === null ? plain({ ...state, next: plan }) : alarm(state, 'plan', `not taken over: ${reason}`);
  }
  const timing = timingOf(plan);
  const where = sidesOf(plan);
  return plain({ ...state, plan, next: null, hash: hashOf(plan), where, timing: state.rules.skew ? timing : { ...timing, skew: 0 } });
}

/** R1, R2: what is to be answered by goes to the journal first. A server alone has it there already: its store is the journal. */
function adopt(state: State, now: Moment): Stepped {
  const agreement = state.known?.agreement ?? null;
  if (agreement === null || state.writing !== null) return plain(state);
  const next = planInForce(state, agreement);
  if (next === null && otherPlan(state, agreement)) return plain(state);
  const plan = next ?? state.plan;
  const view = viewOf(next === null ? state : takenOver(state, next), agreement, now);
  if (next === null && state.view !== null && sameView(view, state.view)) return plain(state);
  if (state.plan.store === 'journal') return plain(durable(state, { seq: 0, view, plan }));
  if (!state.rules.promiseDurable && view.flip !== null && view.phase === 'countdown') return plain({ ...state, view });
  const seq = state.counter + 1;
  const effects: Effect[] = [{ kind: 'append', seq, view, ...(next === null ? {} : { plan }) }];
  return { state: { ...state, counter: seq, writing: { seq, view, plan } }, effects };
}

/** Sends one swap at a time: a command, else what happens by itself, else what this replica has to state, else the renewal of its session. */
function propose(state: State, now: Moment): Stepped {
  const { known } = state;
  if (known === null || state.sending !== null) return plain(state);
  if (known.agreement === null) return found(state, now);
  const heir = takeover(state, known.agreement, now);
  if (heir !== null) return send(state, heir, now);
  const cleared = clearCommand(state, now);
  const { state: ready } = cleared;
  const wanted = wish(ready, known.agreement, now);
  const sent = wanted === null ? runFence(ready, known.agreement) : send(ready, wanted, now);
  return { state: sent.state, effects: [...cleared.effects, ...sent.effects] };
}

/** The store holds nothing: what was in it is put back by whoever knows it, for which a replica that knows nothing waits a session (R10). */
function found(state: State, now: Moment): Stepped {
  const known = state.rules.restored && state.plan.store !== 'journal' ? putBack(state, now) : null;
  if (known !== null) return send(state, { agreement: known, why: `put back by replica ${state.replica}: the store had lost it` }, now);
  const waits = state.rules.restored && state.plan.store !== 'journal' && now.mono - (state.emptySince ?? now.mono) < state.timing.session;
  return state.view !== null || waits ? plain(state) : send(state, { agreement: founded(state, now), why: 'the plan is registered' }, now);
}

/** A command that another replica's swap has overtaken is answered, and so is one whose own swap is found to have happened. */
function clearCommand(state: State, now: Moment): Stepped {
  if (state.command === null) return plain(state);
  const outcome = outcomeOf(state, state.command, now);
  if (outcome === null) return plain(state);
  return { state: { ...state, command: null }, effects: [{ kind: 'verdict', id: state.command.id, ...outcome }] };
}

function wish(state: State, agreement: Agreement, now: Moment): Step | null {
  if (otherPlan(state, agreement)) return null;
  const before = agreement.members[state.replica];
  const mine = memberOf(state, agreement, now);
  const { upstreamTtl, oldTtl } = longestTtls(state, agreement);
  const said = confirmed(agreement, { replica: state.replica, lease: mine.lease, skew: state.timing.skew });
  const base = { ...said, upstreamTtl, oldTtl, members: { ...agreement.members, [state.replica]: mine } };
  if (before === undefined) return { agreement: base, why: `replica ${state.replica} registered` };
  const acked = acknowledge(state, base, now);
  const gone = expired(state, acked, now);
  const moved = movedOn(state, { acked, gone }, now);
  if (moved !== null) return gone === null || state.command !== null ? moved : { ...moved, why: `${moved.why}; ${leftOut(acked, gone)}` };
  if (gone !== null) return { agreement: gone, why: leftOut(acked, gone) };
  if (acked !== base) return { agreement: acked, why: `replica ${state.replica} promises to be silent about A` };
  if (state.clock.untold !== 0) return { agreement: base, why: stepWords(state.clock.untold) };
  if (said !== agreement || saysNews(before, mine) || upstreamTtl > agreement.upstreamTtl || oldTtl > agreement.oldTtl)
    return { agreement: base, why: `replica ${state.replica} obeys epoch ${mine.epoch}, ${mine.phase}` };
  return renewalDue(state, agreement, now) ? { agreement: base, why: 'renewed' } : null;
}

/** What somebody has asked for, else what happens by itself: nothing, as long as somebody may know more than what was put back (R10). */
function movedOn(state: State, { acked, gone }: { readonly acked: Agreement; readonly gone: Agreement | null }, now: Moment): Step | null {
  if (state.command !== null) return carryOut(state, acked, { command: state.command, now });
  return unheard(acked).length > 0 ? null : progress(state, gone ?? acked, now);
}

function expired(state: State, base: Agreement, now: Moment): Agreement | null {
  const waitsForOthers =
    state.plan.mode === 'exclusive' &&
    unheard(base).length === 0 &&
    (base.phase === 'lowering' || (base.phase === 'countdown' && base.flip?.committed === false));
  // When the leases of a replica that is gone end is reckoned by the clock of the replica that leaves it out.
  const gone = waitsForOthers && isCompared(state, base, now) ? expiredReplicas(state, base, now) : [];
  return gone.length === 0 ? null : withoutReplicas(state, base, { gone, now });
}

function send(state: State, { agreement, why, aborts }: Step, now: Moment): Stepped {
  const id = state.counter + 1;
  const expect = state.known?.version ?? 0;
  const by = state.command?.by ?? state.replica;
  const plan = state.next !== null && agreement.epoch !== state.known?.agreement?.epoch ? { plan: state.next } : {};
  const effects: Effect[] = [{ kind: 'commit', id, expect, agreement, why, by, ...plan }];
  const sending = {
    id,
    agreement,
    sent: ruler(state, now),
    told: state.clock.untold,
    leases: leasesOf(state, now),
    command: state.command?.id ?? null,
    aborts: aborts ?? null,
  };
  const sent: State = { ...state, counter: id, sending };
  return { state: state.rules.writeAhead ? sent : { ...sent, view: viewOf(state, agreement, now) }, effects };
}

/** The fence is run by the replica whose beginning of it was agreed on; after a crash in between, again. */
function runFence(state: State, { fence }: Agreement): Stepped {
  if (fence.state !== 'begun' || fence.by !== state.replica || state.fencing?.attempt === fence.attempt) return plain(state);
  return {
    state: { ...state, fencing: { attempt: fence.attempt, result: null, output: null } },
    effects: [{ kind: 'fence', attempt: fence.attempt }],
  };
}

function founded(state: State, now: Moment): Agreement {
  const agreement: Agreement = {
    epoch: 1,
    phase: 'original',
    since: earliest(state, now),
    step: 0,
    ttl: state.plan.ttl ?? 0,
    oldTtl: state.plan.ttl ?? 0,
    flip: null,
    fence: { state: 'none', by: '', attempt: 0 },
    paused: false,
    members: {},
    floor: { from: 0, to: 0 },
    upstreamTtl: 0,
    hash: state.hash,
  };
  return { ...agreement, members: { [state.replica]: memberOf(state, agreement, now) } };
}

function plain(state: State): Stepped {
  return { state, effects: [] };
}
