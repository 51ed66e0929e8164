// The orders of a plan as buttons. Which are possible now, and why not the others, is what the server says; what each will do is said here.
import type { PlanStatus } from 'ferrydns/built-in/moves';

type Told = PlanStatus['orders'][number];
type Verb = Exclude<Told['verb'], 'forget'>;

/** A box that has to be ticked. */
interface Tick {
  readonly field: 'force' | 'a_is_open';
  readonly label: string;
}

export interface Order {
  readonly verb: Verb;
  readonly label: string;
  /** What will happen. */
  readonly does: string;
  /** Why not now; null: it is allowed, by who ticks the box where there is one. */
  readonly refusal: string | null;
  readonly tick?: Tick;
  /** Goes back, or cannot be taken back. */
  readonly grave: boolean;
}

/** The order of the buttons: those that go on first. */
const shown: readonly Verb[] = ['start', 'advance', 'resume', 'pause', 'rollback'];

/** The orders that are possible now, and those that would be the next ones and are refused. */
export function ordersOf(status: PlanStatus): readonly Order[] {
  if (status.phase === null || status.damage !== null) return [];
  return shown.flatMap((verb) => {
    const told = status.orders.find((order) => order.verb === verb);
    if (told === undefined) return [];
    const { refusal, unless } = told;
    if (refusal !== null && unless === null && !isNext(verb, status)) return [];
    const tick = refusal === null || unless === null ? {} : { tick: { field: unless, label: tickLabel(verb, refusal, status) } };
    return [{ verb, ...words[verb](status), refusal: unless === null ? refusal : null, ...tick }];
  });
}

/** To forget this replica, as the server says; undefined for its own. */
export function forgetOrder({ orders }: PlanStatus, replica: string): Told | undefined {
  return orders.find((order) => order.verb === 'forget' && order.replica === replica);
}

function isNext(verb: Verb, { phase }: PlanStatus): boolean {
  if (verb === 'start') return phase === 'original';
  if (verb === 'advance') return phase === 'lowering' || phase === 'transition' || phase === 'done';
  return verb === 'rollback' && phase !== 'original';
}

type Words = Pick<Order, 'label' | 'does' | 'grave'>;

const words: Readonly<Record<Verb, (status: PlanStatus) => Words>> = {
  start: ({ ttl, mode }) => ({
    label: 'Start',
    does: `The names are handed out with a TTL of ${ttl.transition} s from now on. ${mode === 'exclusive' ? 'A stays the only answer' : 'A stays the answer'} until you go on.`,
    grave: false,
  }),
  advance: (status) => ({ ...advanceWords(status), grave: status.phase === 'done' }),
  resume: () => ({ label: 'Resume', does: 'The plan goes on from where it was paused.', grave: false }),
  pause: () => ({
    label: 'Pause',
    does: 'The plan stays in its phase until somebody resumes it. What is answered does not change.',
    grave: false,
  }),
  rollback: ({ epoch }) => ({
    label: 'Roll back to A',
    does: `The names are answered A again, in epoch ${epoch + 1}. Those who have been given B keep it until their lease ends.`,
    grave: true,
  }),
};

function advanceWords({ phase, mode, fence }: PlanStatus): Pick<Order, 'label' | 'does'> {
  switch (phase) {
    case 'lowering':
      return mode === 'blend' ? { label: 'Begin the transition', does: 'Clients are led to A and to B from now on.' } : countdownWords(fence);
    case 'flipping':
      return {
        label: 'Run the fence again',
        does: `The fence runs once more, as attempt ${(fence?.attempt ?? 0) + 1}: ${fence?.command.join(' ')}. When it succeeds, B is answered.`,
      };
    case 'done':
      return {
        label: 'Give the names back',
        does: 'The names are answered by the plugins behind from now on, as if there were no plan. The plan cannot be rolled back then.',
      };
    default:
      return {
        label: 'Next step',
        does: 'The next step of the transition begins: more clients are led to B. After the last step A is no longer handed out.',
      };
  }
}

function countdownWords(fence: PlanStatus['fence']): Pick<Order, 'label' | 'does'> {
  const shut = fence === null ? 'Nothing is answered until the last lease on A is over' : `Then the fence shuts A: ${fence.command.join(' ')}`;
  return {
    label: 'Begin the countdown',
    does: `A moment is agreed on from which A is no longer handed out. ${shut}. After that B is answered. The countdown cannot be paused, only rolled back.`,
  };
}

function tickLabel(verb: Verb, refusal: string, { fence }: PlanStatus): string {
  if (verb === 'rollback') return `I have seen that A is open, after attempt ${fence?.attempt ?? 1} of the fence`;
  if (verb === 'start') return `Start all the same, although ${refusal}`;
  return `Give them back all the same, although ${refusal}. Clients are led by the upstream from then on`;
}

/** The body of the order: the epoch is the one that was seen. */
export function orderBody(
  status: PlanStatus,
  { tick }: Order,
  { by, ticked }: { readonly by: string; readonly ticked: boolean },
): Readonly<Record<string, unknown>> {
  const wish = tick === undefined || !ticked ? {} : tick.field === 'force' ? { force: true } : { a_is_open: status.fence?.attempt ?? 1 };
  return { epoch: status.epoch, ...(by === '' ? {} : { by }), ...wish };
}
