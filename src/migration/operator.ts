// What an operator may ask for, when it is refused and why, and the agreement that follows.
import { type Agreement, compareProgress, reached, type Step } from './agreement.ts';
import { behindWords, earliest, latest, shown } from './clock.ts';
import { beginFence } from './fence.ts';
import { conditions, next, rollback, rollbackRefusal, waitOf } from './phases.ts';
import { withoutReplicas } from './replicas.ts';
import { unheard } from './restoration.ts';
import type { Command, Moment, Pending, State } from './state.ts';
import { laggards, otherPlan } from './succession.ts';

/** Why the command cannot be done now, or null. */
export function refusalOf(state: State, command: Command, now: Moment): string | null {
  const agreement = state.known?.agreement ?? null;
  if (agreement === null) return 'the store has not been heard yet';
  if (command.epoch !== agreement.epoch) return `the plan is in epoch ${agreement.epoch}, the command is for epoch ${command.epoch}`;
  if (otherPlan(state, agreement) && command.verb !== 'forget') return 'another plan has the names in hand: this server was not given it, or not yet';
  const [silent] = unheard(agreement);
  if (silent !== undefined && command.verb !== 'forget')
    return `the store had lost the plan: replica ${silent} has not said yet what it knows of it; forget it when it is gone for good`;
  switch (command.verb) {
    case 'start':
      return startRefusal(state, agreement, { command, now });
    case 'advance':
      return advanceRefusal(state, agreement, { command, now });
    case 'pause':
      return pauseRefusal(state, agreement, now);
    case 'resume':
      return agreement.paused ? null : 'not paused';
    case 'rollback':
      return rollbackRefusal(state, agreement, { now, aIsOpen: command.aIsOpen });
    case 'forget':
      return forgetRefusal(state, agreement, command);
    case 'refuse':
      return null;
  }
}

/** Why a command that comes now is not taken, or null: one is carried out at a time. */
export function commandRefusal(state: State, command: Command, now: Moment): string | null {
  return state.command === null ? refusalOf(state, command, now) : `another command is being carried out: ${state.command.verb}`;
}

/** What has become of an order that was settled already, by whomever; null: it is still to be, or is none that stands. */
export function settledBefore({ known }: State, { order }: Command): Outcome | null {
  const ordered = known?.agreement?.ordered;
  if (order === undefined || ordered?.order !== order) return null;
  return { ok: ordered.refused === null, reason: ordered.refused ?? '' };
}

interface Outcome {
  readonly ok: boolean;
  readonly reason: string;
}

/** What has become of a command meanwhile; null: it is still to be carried out. Each is carried out once, whoever else was faster. */
export function outcomeOf(state: State, command: Pending, now: Moment): Outcome | null {
  const agreement = state.known?.agreement ?? null;
  const settled = settledBefore(state, command);
  if (settled !== null) return settled;
  if (agreement !== null && command.tried !== null && hasHappened(command, command.tried, agreement)) return { ok: true, reason: '' };
  const reason = refusalOf(state, command, now);
  if (reason !== null) return { ok: false, reason };
  // An order that is refused for where the plan was may be right where it is now.
  const isForPlace = command.verb === 'advance' || command.verb === 'refuse';
  const wentOn = isForPlace && agreement !== null && compareProgress(agreement, command.from) !== 0;
  return wentOn ? { ok: false, reason: `the plan has gone on meanwhile, it is in ${agreement.phase}` } : null;
}

/** Whether the agreement is what the command wanted to make of it, or has come from there. */
function hasHappened({ verb, replica }: Command, tried: Agreement, agreement: Agreement): boolean {
  if (agreement.epoch !== tried.epoch || compareProgress(agreement, tried) < 0) return false;
  if (verb === 'pause' || verb === 'resume') return agreement.paused === tried.paused;
  if (verb === 'forget') return agreement.members[replica ?? ''] === undefined;
  return agreement.fence.attempt >= tried.fence.attempt;
}

/** The agreement after the command; only to be asked for when {@link refusalOf} is null. In the same swap it says that an order that stands is settled. */
export function carryOut(state: State, agreement: Agreement, given: { readonly command: Command; readonly now: Moment }): Step | null {
  const { order, refusal = null } = given.command;
  const step = carriedOut(state, agreement, given);
  return step === null || order === undefined ? step : { ...step, agreement: { ...step.agreement, ordered: { order, refused: refusal } } };
}

function carriedOut(state: State, agreement: Agreement, { command, now }: { readonly command: Command; readonly now: Moment }): Step | null {
  switch (command.verb) {
    case 'start': {
      const ttl = state.plan.ttl ?? (agreement.begins?.givenBack === false ? agreement.ttl : (state.preflight?.ttl ?? state.plan.transitionTtl));
      const oldTtl = Math.max(ttl, agreement.oldTtl);
      return {
        agreement: {
          ...agreement,
          phase: 'lowering',
          since: earliest(state, now),
          ttl,
          oldTtl,
          hash: state.hash,
          ends: state.where.to,
          paused: false,
        },
        why: 'started',
      };
    }
    case 'advance':
      return agreement.phase === 'flipping' ? beginFence(state, agreement) : next(state, agreement, now);
    case 'pause':
      return { agreement: { ...agreement, paused: true }, why: 'paused' };
    case 'resume':
      return { agreement: { ...agreement, paused: false }, why: 'resumed' };
    case 'rollback':
      return rollback(state, agreement, { now, why: `by ${command.by}${openedBy(command, agreement)}` });
    case 'forget':
      return { agreement: withoutReplicas(state, agreement, { gone: [command.replica ?? ''], now }), why: `replica ${command.replica} forgotten` };
    case 'refuse':
      return { agreement, why: `order '${command.order}' refused: ${command.refusal}` };
  }
}

/** For the journal: that the operator has said that A is open, where nothing else shows it. */
function openedBy({ aIsOpen }: Command, { fence }: Agreement): string {
  return aIsOpen !== undefined && fence.mayHaveRun === true ? `, who has seen that A is open after attempt ${aIsOpen} of the fence` : '';
}

function pauseRefusal(state: State, agreement: Agreement, now: Moment): string | null {
  const { phase, paused } = agreement;
  if (paused) return 'already paused';
  if (phase === 'original') return 'nothing has begun';
  if (phase === 'released') return 'released is the last phase';
  if (phase !== 'countdown' && phase !== 'flipping') return null;
  return `${phase} cannot be paused: caches run out by themselves; ${rollbackRefusal(state, agreement, { now }) ?? 'roll back instead'}`;
}

function startRefusal(state: State, agreement: Agreement, { command, now }: { readonly command: Command; readonly now: Moment }): string | null {
  if (agreement.phase === 'released') return 'the names were given back: leave the plan out, reload, and put it back and reload to begin anew';
  if (agreement.phase !== 'original') return `already in ${agreement.phase}`;
  const [late] = laggards(agreement);
  if (state.rules.allTakenOver && late !== undefined)
    return `replica ${late} answers by the plan before still: give it this one, or forget it when it is gone for good`;
  const behind = command.force === true ? null : behindWords(state, now);
  if (behind !== null) return behind;
  const ahead = clockAhead(state, agreement, now);
  if (ahead !== null) return ahead;
  if (agreement.begins?.givenBack === false) return conditions(state)?.why ?? null;
  if (awaitsUpstream(state)) return 'the upstream has not answered yet with what TTL it is handed out now: try again in a moment';
  if (state.plan.ttl === null && (state.preflight === null || state.preflight.ttl === null)) return 'the TTL is neither given nor learnt yet';
  return conditions(state)?.why ?? null;
}

/** A move that begins with clocks that are apart would not get to its flip (R6). */
function clockAhead(state: State, { members }: Agreement, now: Moment): string | null {
  if (state.plan.store === 'journal') return null;
  const bound = latest(state, now) + state.timing.skew;
  const ahead = Object.entries(members).find(([replica, { stamp }]) => replica !== state.replica && stamp > bound);
  if (ahead === undefined) return null;
  const [clock, theirs] = [now.wall, ahead[1].stamp].map((time) => new Date(time).toISOString());
  return `the clock says ${clock}, and replica ${ahead[0]} has written at ${theirs}: set the clocks right`;
}

/** Whether the TTL that clients hold may be longer than anybody here knows (P2). */
export function awaitsUpstream({ upstream, preflight }: State): boolean {
  return upstream.there && preflight === null;
}

/** What is to be warned of when the move starts, or null. */
export function startDoubt({ upstream, preflight, plan }: State): string | null {
  if (!upstream.there || preflight === null || preflight.ttl !== null) return null;
  return `the upstream does not show the TTL that clients hold: ${plan.ttl ?? plan.transitionTtl} s of the plan are taken for it`;
}

function advanceRefusal(state: State, agreement: Agreement, { command, now }: { readonly command: Command; readonly now: Moment }): string | null {
  const { phase, fence } = agreement;
  if (agreement.paused) return 'paused';
  if (phase === 'original') return 'not started';
  if (phase === 'flipping') return fence.state === 'failed' || fence.state === 'unknown' ? null : 'flipping ends by itself';
  if (phase === 'released' || phase === 'countdown' || phase === 'draining')
    return `${phase} ${phase === 'released' ? 'is the last phase' : 'ends by itself'}`;
  // The pace of a transition is for `advance auto`; a person may go faster.
  const wait = phase === 'transition' ? conditions(state) : waitOf(state, agreement, now);
  if (phase === 'done' && wait !== null && command.force === true && state.plan.mode === 'blend') return null;
  if (wait === null) return null;
  return wait.until === null ? wait.why : `${wait.why}, until ${new Date(shown(state, now, wait.until)).toISOString()}`;
}

/** By `forget` a person says that the replica will not come back: nothing here can check that. */
function forgetRefusal(state: State, agreement: Agreement, { replica }: Command): string | null {
  if (replica === undefined || agreement.members[replica] === undefined) return `no replica ${replica ?? ''} is registered`;
  if (replica === state.replica) return 'a replica does not forget itself';
  return reached(agreement.phase, 'released') ? 'the plan is released' : null;
}
