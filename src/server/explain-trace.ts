// Follows a query through a chain from outside: which plugin was given what, what came back, and how long that took.
import type { Explained } from '../dns/explained.ts';
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { type Awaitable, isPromise } from '../plugin/awaitable.ts';
import type { Next } from '../plugin/plugin.ts';
import { type Binding, plain, type Step } from './chain.ts';
import type { ListenerPlan } from './listener-plan.ts';

/** What came of a query. */
export type Outcome = { readonly reply: Reply } | { readonly error: unknown };

/** Where a query comes from: a question that is to be explained, or the plugin that passes it on. */
abstract class Tracer implements Explained {
  /** Plugins that were given a query from here, in order. */
  readonly behind: Trace[] = [];
  readonly notes: string[] = [];
  outcome: Outcome | undefined;
  /** Until the outcome was there. */
  milliseconds = 0;
  /** Whether a query was passed on from here although no plugin is behind. */
  ranOut = false;
  abstract readonly inquiry: Inquiry;

  note(text: string): void {
    this.notes.push(text);
  }

  /** Runs something that has an outcome. */
  protected follow(run: () => Awaitable<Reply>): Awaitable<Reply> {
    const startedAt = performance.now();
    const end = (outcome: Outcome) => {
      this.outcome = outcome;
      this.milliseconds = performance.now() - startedAt;
    };
    const fail = (error: unknown): never => {
      end({ error });
      throw error;
    };
    const give = (reply: Reply): Reply => {
      end({ reply });
      return reply;
    };
    try {
      const reply = run();
      return isPromise(reply) ? reply.then(give, fail) : give(reply);
    } catch (error) {
      return fail(error);
    }
  }
}

/** What became of a query in one plugin. */
export class Trace extends Tracer {
  readonly step: Step;
  /** The query as whoever passed it on gave it. */
  readonly given: Query;
  readonly inquiry: Inquiry;
  /** What the plugin asked the server in turn. */
  readonly lookups: Inquiry[] = [];

  constructor(step: Step, given: Query, inquiry: Inquiry) {
    super();
    this.step = step;
    this.given = given;
    this.inquiry = inquiry;
  }

  /** A copy of the query tells this plugin's notes, and what it passes on, from those of all others, however long it waits. */
  run(link: Next): Awaitable<Reply> {
    const query = this.given.explainedTo(this);
    return this.follow(() => link(query));
  }
}

/** One question that goes through a listener. */
export class Inquiry extends Tracer {
  readonly inquiry: Inquiry = this;
  readonly plan: ListenerPlan;
  /** As the listener was asked. */
  readonly query: Query;
  /** Every plugin that the query came to, in order. */
  readonly traces: Trace[] = [];

  constructor(plan: ListenerPlan, query: Query) {
    super();
    this.plan = plan;
    this.query = query.explainedTo(this);
  }

  enter(from: Tracer, step: Step, given: Query): Trace {
    const trace = new Trace(step, given, this);
    from.behind.push(trace);
    this.traces.push(trace);
    return trace;
  }

  ask(reply: (query: Query) => Awaitable<Reply>): Awaitable<Reply> {
    return this.follow(() => reply(this.query));
  }
}

/** Binds plugins to a chain that is followed. Queries that they make themselves go through it as through any other. */
export const traced: Binding = {
  link(step, next) {
    const link = plain.link(step, next);
    return (query) => {
      const from = query.explained;
      return from instanceof Tracer ? from.inquiry.enter(from, step, query).run(link) : link(query);
    };
  },
  end(name) {
    const end = plain.end(name);
    return (query) => {
      if (query.explained instanceof Tracer) query.explained.ranOut = true;
      return end(query);
    };
  },
};
