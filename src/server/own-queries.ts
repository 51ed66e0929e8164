// Queries that no client sent: of the server itself, and of those who want an answer explained. They go through a listener's responder all the same.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { Logger } from '../log/logger.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Explanation, Question } from '../plugin/explanation.ts';
import { foresightOf } from '../plugin/foresight.ts';
import type { ListenerPlan } from './listener-plan.ts';
import { Responder } from './responder.ts';

interface OwnQueriesContext {
  readonly now: () => number;
  readonly log: Logger;
  /** The listeners of the configuration in use. */
  readonly plans: () => readonly ListenerPlan[];
  /** How many processes answer clients instead of this one. */
  readonly workerCount: () => number;
}

export class OwnQueries {
  private readonly context: OwnQueriesContext;
  private readonly responders = new WeakMap<ListenerPlan, Responder>();

  constructor(context: OwnQueriesContext) {
    this.context = context;
  }

  /** The reply of the listener with this name, or of the first. Throws an Error when there is none. */
  reply(server: string, query: Query): Awaitable<Reply> {
    const foresight = foresightOf(query);
    if (foresight !== undefined) return foresight.resolve(query);
    const plans = this.context.plans();
    const plan = plans.find(({ name }) => name === server) ?? plans[0];
    if (plan === undefined) throw new Error(`no listener named ${server}`);
    if (query.explained !== undefined) return explaining().then(({ explainLookup }) => explainLookup(plan, query, this.context));
    const responder = this.responders.get(plan) ?? new Responder(plan.answering, this.context);
    this.responders.set(plan, responder);
    return responder.reply(query);
  }

  /** How the answer to a question comes about. Rejects when the question names a listener that is not there. */
  async explain(question: Question): Promise<Explanation> {
    const { explain } = await explaining();
    const explanation = await explain(this.context.plans(), question, this.context);
    const workers = this.context.workerCount();
    if (workers === 0) return explanation;
    const remark = `clients are answered by ${workers} worker processes, each with a cache of its own; this is how the main process would answer`;
    return { ...explanation, remarks: [...explanation.remarks, remark] };
  }
}

/** Loaded when somebody asks for an explanation: few servers are asked for one. */
function explaining(): Promise<typeof import('./explain.ts')> {
  return import('./explain.ts');
}
