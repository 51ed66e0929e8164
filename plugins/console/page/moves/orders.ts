// What an operator may order of a plan now, and what each order will do. The server decides: this only says beforehand what it will say.
import type { PlanStatus } from 'ferrydns/built-in/moves';

type Verb = 'start' | 'advance' | 'pause' | 'resume' | 'rollback';

/** A box that has to be ticked, or may be. */
interface Tick {
  readonly field: 'force' | 'a_is_open';
  readonly label: string;
  readonly needed: boolean;
}

export interface Order {
  readonly verb: Verb;
  readonly label: string;
  /** What will happen. */
  readonly does: string;
  /** Why not now; null: it is allowed. */
  readonly refusal: string | null;
  readonly tick?: Tick;
  /** Goes back, or cannot be taken back. */
  readonly grave: boolean;
}

/** The orders that have a meaning in this phase, those that go on first. */
export function ordersOf(status: PlanStatus): readonly Order[] {
  if (status.phase === null || status.damage !== null) return [];
  return [start(status), advance(status), resume(status), pause(status), rollback(status)].filter((order) => order !== null);
}

function start({ phase, ttl, mode }: PlanStatus): Order | null {
  if (phase !== 'original') return null;
  const then = mode === 'exclusive' ? 'A stays the only answer' : 'A stays the answer';
  return {
    verb: 'start',
    label: 'Start',
    does: `The names are handed out with a TTL of ${ttl.transition} s from now on. ${then} until you go on.`,
    refusal: null,
    tick: { field: 'force', label: 'The clock is right, although the journal is ahead of it', needed: false },
    grave: false,
  };
}

function advance(status: PlanStatus): Order | null {
  switch (status.phase) {
    case 'lowering':
      return { ...going, ...afterLowering(status), refusal: pausedOr(status, waitWords(status)) };
    case 'transition':
      return {
        ...going,
        label: 'Next step',
        does: 'The next step of the transition begins: more clients are led to B. After the last step A is no longer handed out.',
        // The pace is for plans that advance by themselves; a person may go faster.
        refusal: pausedOr(status, status.wait?.until === null ? status.wait.why : null),
      };
    case 'flipping':
      return fenceAgain(status);
    case 'done':
      return giveBack(status);
    default:
      return null;
  }
}

const going = { verb: 'advance', grave: false } as const;

function afterLowering({ mode, fence }: PlanStatus): Pick<Order, 'label' | 'does'> {
  if (mode === 'blend') return { label: 'Begin the transition', does: 'Clients are led to A and to B from now on.' };
  const shut = fence === null ? 'Nothing is answered until the last lease on A is over' : `Then the fence shuts A: ${fence.command.join(' ')}`;
  return {
    label: 'Begin the countdown',
    does: `A moment is agreed on from which A is no longer handed out. ${shut}. After that B is answered. The countdown cannot be paused, only rolled back.`,
  };
}

function fenceAgain({ fence }: PlanStatus): Order | null {
  if (fence === null || (fence.state !== 'failed' && fence.state !== 'unknown')) return null;
  const does = `The fence runs once more, as attempt ${fence.attempt + 1}: ${fence.command.join(' ')}. When it succeeds, B is answered.`;
  return { ...going, label: 'Run the fence again', does, refusal: null };
}

function giveBack(status: PlanStatus): Order {
  const { wait, mode } = status;
  const forced = wait !== null && mode === 'blend' && !status.paused;
  return {
    verb: 'advance',
    label: 'Give the names back',
    does: 'The names are answered by the plugins behind from now on, as if there were no plan. The plan cannot be rolled back then.',
    refusal: forced ? null : pausedOr(status, wait?.why ?? null),
    ...(forced
      ? {
          tick: {
            field: 'force',
            label: `Give them back all the same, although ${wait.why}. Clients are led by the upstream from then on`,
            needed: true,
          },
        }
      : {}),
    grave: true,
  };
}

function pause({ phase, paused }: PlanStatus): Order | null {
  if (paused || (phase !== 'lowering' && phase !== 'transition' && phase !== 'draining' && phase !== 'done')) return null;
  return {
    verb: 'pause',
    label: 'Pause',
    does: 'The plan stays in its phase until somebody resumes it. What is answered does not change.',
    refusal: null,
    grave: false,
  };
}

function resume({ paused }: PlanStatus): Order | null {
  if (!paused) return null;
  return { verb: 'resume', label: 'Resume', does: 'The plan goes on from where it was paused.', refusal: null, grave: false };
}

function rollback({ rollback, fence, phase, epoch }: PlanStatus): Order | null {
  if (rollback === null || phase === 'original') return null;
  const order = {
    verb: 'rollback',
    label: 'Roll back to A',
    does: `The names are answered A again, in epoch ${epoch + 1}. Those who have been given B keep it until their lease ends.`,
    grave: true,
  } as const;
  if (rollback.possible) return { ...order, refusal: null };
  if (fence?.may_have_run !== true || phase !== 'flipping') return { ...order, refusal: rollback.refusal ?? 'not possible now' };
  const label = `I have seen that A is open, after attempt ${fence.attempt} of the fence`;
  return { ...order, refusal: null, tick: { field: 'a_is_open', label, needed: true } };
}

function pausedOr({ paused }: PlanStatus, refusal: string | null): string | null {
  return paused ? 'the plan is paused' : refusal;
}

function waitWords({ wait }: PlanStatus): string | null {
  return wait === null ? null : wait.why;
}

/** The body of the order: the epoch is the one that was seen. */
export function orderBody(
  status: PlanStatus,
  order: Order,
  { by, ticked }: { readonly by: string; readonly ticked: boolean },
): Readonly<Record<string, unknown>> {
  const { tick } = order;
  const wish = tick === undefined || !ticked ? {} : tick.field === 'force' ? { force: true } : { a_is_open: status.fence?.attempt ?? 1 };
  return { epoch: status.epoch, ...(by === '' ? {} : { by }), ...wish };
}
