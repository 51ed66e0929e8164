// What stands beside plans in the annotations of their ConfigMaps: orders of the team, and how the plans stand.
import type { Logger } from 'ferrydns/plugin';
import type { Runner } from '../runner/runner.ts';
import type { PlanFound } from './api.ts';
import { annotationsOf, isSettledBy, orderIn } from './order-words.ts';
import { Orders } from './orders.ts';
import type { PlanText } from './plan-text.ts';
import { StatusNotes, type StatusNotesOptions, statusLine } from './status-notes.ts';

/** How it is with a text that was found. */
export interface Standing {
  /** What runs the plan that is in force in its place. */
  readonly runner: Runner | undefined;
  /** The plan in force is this very text. */
  readonly isInForce: boolean;
  /** Why it is not, as far as that is known. */
  readonly refusal: string | undefined;
}

export interface AnnotationsOptions extends StatusNotesOptions {
  readonly log: Logger;
}

export class Annotations {
  private readonly orders: Orders;
  private readonly notes: StatusNotes;

  constructor(options: AnnotationsOptions) {
    this.orders = new Orders(options);
    this.notes = new StatusNotes(options);
  }

  /** The plan has been taken away. */
  async left(about: PlanText): Promise<void> {
    await this.notes.clear(about);
  }

  /** An order is for the plan that stands beside it, and waits until that is in force. */
  async attend(found: PlanFound, { runner, isInForce, refusal }: Standing): Promise<void> {
    const names = annotationsOf(found.plan);
    if (names === undefined) return;
    const order = orderIn(found.annotations[names.order]);
    const status = found.annotations[names.status];
    if (runner !== undefined && isInForce) this.orders.give(found.plan, { order, status }, runner);
    // What nobody else knows any more stays there until the servers have agreed on it.
    if (isSettledBy(status, order) && runner?.agreed?.ordered?.order !== order) return;
    const text = statusLine(runner, refusal);
    if (text !== undefined) await this.notes.tell(found, text);
  }
}

/** How a team begins the move. */
export function startAdvice(about: PlanText, { agreed, plan }: Pick<Runner, 'agreed' | 'plan'>): string {
  const name = annotationsOf(about)?.order;
  if (name === undefined || agreed === null) return `'ferrydns migrate start ${plan.name}' begins the move`;
  return `the annotation ${name} with 'start ${agreed.epoch}' begins the move`;
}
