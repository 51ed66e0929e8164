// The fence of A: how an attempt begins and ends, when it has to be run again, and whether it may have shut A.
import type { Agreement, Step } from './agreement.ts';
import type { Plan } from './plan.ts';
import { silentFor } from './replicas.ts';
import type { Moment, State } from './state.ts';

/** One that was begun and whose end nobody knows may have run, whatever has become of later ones. */
export function beginFence(state: State, agreement: Agreement): Step {
  const { fence } = agreement;
  const attempt = fence.attempt + 1;
  const doubt = fence.mayHaveRun === true || fence.state === 'begun' || fence.state === 'unknown' ? { mayHaveRun: true } : {};
  return { agreement: { ...agreement, fence: { state: 'begun', by: state.replica, attempt, ...doubt } }, why: `fence begun, attempt ${attempt}` };
}

/** What has become of a fence that has begun; null: nothing yet. That of a replica that has not been heard of for a session is run again. */
export function afterFence(state: State, agreement: Agreement, now: Moment): Step | null {
  const { members, fence } = agreement;
  if (fence.by === state.replica) return fenceResult(state, agreement);
  const abandoned = members[fence.by] === undefined || silentFor(state, fence.by, now) >= state.timing.session;
  return abandoned ? beginFence(state, agreement) : null;
}

/** What a process finds begun and has not begun itself was begun before a crash. */
function fenceResult({ fencing, begunFence }: State, agreement: Agreement): Step | null {
  const { fence } = agreement;
  if (fencing === null || fencing.attempt !== fence.attempt || fencing.result === null) return null;
  const doubt = begunFence === fence.attempt && fencing.result !== 'unknown' ? {} : { mayHaveRun: true };
  const why = fencing.result === 'unknown' ? 'fence was cut short, it may have run' : `fence ${fencing.result}`;
  return { agreement: { ...agreement, fence: { ...fence, state: fencing.result, ...doubt } }, why };
}

/** What an alarm says of a fence that did not shut A, or may not have; null: there is nothing to say. The replica that ran it knows why. */
export function fenceAlarm({ fencing, known }: State): string | null {
  const fence = known?.agreement?.fence;
  if (fence?.state !== 'failed' && fence?.state !== 'unknown') return null;
  const said = fencing?.attempt === fence.attempt ? fencing.output : null;
  const why = said === null ? '' : ` (${said.replace(/\s+/g, ' ').slice(0, 300)})`;
  if (fence.state === 'unknown') return `the fence was cut short and may have run${why}: ${waysOn}`;
  return `the fence failed${why}: ${fence.mayHaveRun === true ? `one before it may have run: ${waysOn}` : '`advance` runs it again, `rollback` goes back'}`;
}

const waysOn = '`advance` runs it again, `rollback -a-is-open` goes back when you have seen that A is open';

/** Why nobody may go back to A because of its fence, or null. `aIsOpen`: the attempt after which an operator has seen that A is open. */
export function fenceRefusal(
  state: State,
  { fence }: Agreement,
  { now, aIsOpen }: { readonly now: Moment; readonly aIsOpen?: number | undefined },
): string | null {
  if (fence.state === 'done') return 'the fence has run: A is shut; `migrate reverse` makes the plan from B to A';
  if (fence.state === 'begun') return 'the fence has begun and may have run; `migrate reverse` makes the plan from B to A';
  if (fence.mayHaveRun !== true) return null;
  if (aIsOpen === fence.attempt) return null;
  if (aIsOpen !== undefined) return `the word that A is open is for attempt ${aIsOpen} of the fence, which is at attempt ${fence.attempt} now`;
  const wanted = openTime(state.plan);
  const seen = state.openSince === null ? 0 : now.mono - state.openSince;
  if (wanted !== null && seen >= wanted) return null;
  const looked =
    wanted === null
      ? ''
      : `; the check of A has seen it open for ${Math.floor(seen / 1000)} s of the ${Math.ceil(wanted / 1000)} s after which it is believed`;
  return `a fence that was cut short may have run: ${waysOn}, \`migrate reverse\` makes the plan from B to A${looked}`;
}

/**
 * How long, in milliseconds, the check of A must have seen it open for a fence that was cut short to count as one that did nothing: as long as a fence may take,
 * and until the check would have noticed. Null: no check looks at A itself.
 */
export function openTime({ checks, fence, names }: Plan): number | null {
  const looks = checks.filter(({ side }) => side === 'from');
  const itself = names.every(({ from }) => from.every(({ kind }) => kind !== 'pool' && kind !== 'service'));
  if (fence === null || looks.length === 0 || !itself) return null;
  const notices = looks.map(({ fall, interval, timeout, dwell }) => fall * (interval + timeout) + dwell);
  return (fence.timeout + Math.max(...notices)) * 1000;
}
