// Queries that the server asks itself: they come by no socket and go through a listener's responder all the same.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { Logger } from '../log/logger.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { ListenerPlan } from './generation.ts';
import { Responder } from './responder.ts';

export class OwnQueries {
  private readonly context: { readonly now: () => number; readonly log: Logger };
  private readonly responders = new WeakMap<ListenerPlan, Responder>();

  constructor(context: { readonly now: () => number; readonly log: Logger }) {
    this.context = context;
  }

  /** The reply of the listener with this name, or of the first. Throws an Error when there is none. */
  reply(plans: readonly ListenerPlan[], server: string, query: Query): Awaitable<Reply> {
    const plan = plans.find(({ name }) => name === server) ?? plans[0];
    if (plan === undefined) throw new Error(`no listener named ${server}`);
    const responder = this.responders.get(plan) ?? new Responder(plan.answering, this.context);
    this.responders.set(plan, responder);
    return responder.reply(query);
  }
}
