// What an operator may order at this moment, and why not the rest: told by asking what refuses a command, so that it is never another answer.
import { commandRefusal } from './operator.ts';
import type { Command, Moment, State } from './state.ts';

/** An order as it stands now. */
export interface OrderStatus {
  readonly verb: Exclude<Command['verb'], 'refuse'>;
  /** The replica that would be forgotten; null for other verbs. */
  readonly replica: string | null;
  /** Why it would be refused now; null: it would be carried out. */
  readonly refusal: string | null;
  /** What it may say to be carried out all the same: a field of the order. */
  readonly unless: 'force' | 'a_is_open' | null;
}

const verbs = ['start', 'advance', 'pause', 'resume', 'rollback'] as const;

/** Every order for the epoch that is known, and one to forget each other replica. */
export function ordersOf(state: State, now: Moment): readonly OrderStatus[] {
  const agreement = state.known?.agreement ?? null;
  const others = Object.keys(agreement?.members ?? {}).filter((replica) => replica !== state.replica);
  const refusal = (wish: Pick<Command, 'verb' | 'replica' | 'force' | 'aIsOpen'>) =>
    commandRefusal(state, { id: '', by: '', epoch: agreement?.epoch ?? 0, ...wish }, now);
  const plain = verbs.map((verb): OrderStatus => {
    const why = refusal({ verb });
    const insisting = verb === 'rollback' ? { aIsOpen: agreement?.fence.attempt ?? 0 } : { force: true };
    const yields = why !== null && refusal({ verb, ...insisting }) === null;
    return { verb, replica: null, refusal: why, unless: !yields ? null : verb === 'rollback' ? 'a_is_open' : 'force' };
  });
  const forget = others.map((replica): OrderStatus => ({ verb: 'forget', replica, refusal: refusal({ verb: 'forget', replica }), unless: null }));
  return [...plain, ...forget];
}

/** The same orders while the plan is stopped. */
export function stoppedOrders(reason: string): readonly OrderStatus[] {
  return verbs.map((verb) => ({ verb, replica: null, refusal: reason, unless: null }));
}
