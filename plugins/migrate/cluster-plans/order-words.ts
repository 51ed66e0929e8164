// The order that a team gives its plan by an annotation of the ConfigMap: what it may say, and where the plan has to stand for it.
import type { migration } from 'ferrydns/built-in/moves';
import type { PlanText } from './plan-text.ts';

/** What a team may ask for. `forget` says of a server that it is gone, which no team knows; nor may one overrule what a server sees (`-force`). */
const verbs = ['start', 'advance', 'pause', 'resume', 'rollback'] as const;

export interface StandingOrder {
  readonly verb: (typeof verbs)[number];
  /** The epoch that was seen. */
  readonly epoch: number;
  /** Of `advance`: the phase, and in the transition the step from 1, that was seen. Else nothing is left of it but the epoch. */
  readonly place: string;
  /** What stands behind the sign #: for people. */
  readonly note: string;
}

/** Characters of an order that are read. */
const longest = 200;
/** What the API takes as the name of an annotation, behind its prefix. */
const annotatable = /^[A-Za-z\d](?:[-\w.]{0,61}[A-Za-z\d])?$/;

/** The annotation in which orders for a plan stand, and the one in which the servers write how it stands; undefined: its key cannot be part of their names. */
export function annotationsOf({ key }: PlanText): { readonly order: string; readonly status: string } | undefined {
  return annotatable.test(key) ? { order: `order.ferrydns/${key}`, status: `status.ferrydns/${key}` } : undefined;
}

/** The order as it is kept, on one line; empty: none. */
export function orderIn(annotation = ''): string {
  return annotation
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, longest);
}

/** Whether a status says that this very order was settled: the servers may have lost all else that they knew. */
export function isSettledBy(status: string | undefined, order: string): boolean {
  return order !== '' && status?.includes(`; order '${order}' `) === true;
}

/** Throws an Error that says what is expected. */
export function readOrder(order: string): StandingOrder {
  const [said = '', ...notes] = order.split('#');
  const [word = '', number = '', ...place] = said.trim().split(/\s+/);
  const verb = verbs.find((each) => each === word);
  if (verb === undefined) throw new Error(`'${word}' is no order, expected ${verbs.slice(0, -1).join(', ')} or ${verbs.at(-1)}`);
  if (!/^[1-9]\d{0,8}$/.test(number))
    throw new Error(`no epoch, expected the one that was seen, as in '${verb} 1${verb === 'advance' ? ' lowering' : ''}'`);
  if (verb === 'advance' && place.length === 0)
    throw new Error("no phase, expected the one that was seen, as in 'advance 1 lowering' or 'advance 1 transition 2'");
  if (verb !== 'advance' && place.length > 0) throw new Error(`unexpected '${place.join(' ')}', expected '${verb} ${number}'`);
  return { verb, epoch: Number(number), place: place.join(' '), note: notes.join('#').trim() };
}

/** Why the plan is not where the order says; undefined: it is there. */
export function missed({ epoch, place }: StandingOrder, agreed: migration.Agreement): string | undefined {
  if (epoch !== agreed.epoch) return `the plan is in epoch ${agreed.epoch}`;
  const actual = agreed.phase === 'transition' ? `transition ${agreed.step + 1}` : agreed.phase;
  return place === '' || place === actual ? undefined : `the plan is in ${actual}`;
}
