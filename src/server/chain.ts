// Folds the plugins of a server block into one function of a query.
import type { Place } from '../config/error.ts';
import { exchangeOf } from '../dns/exchange.ts';
import { QueryError } from '../dns/query-error.ts';
import { Reply } from '../dns/reply.ts';
import { after } from '../plugin/awaitable.ts';
import type { Handle, Next } from '../plugin/plugin.ts';
import type { Use } from './block.ts';

/** A plugin's part in a chain. */
export interface Step {
  readonly name: string;
  readonly handle: Handle;
  /** Whether what it returns is to be checked: the compiler did not see plain JavaScript. */
  readonly foreign: boolean;
  readonly place: Place;
}

/** What a chain is made of. */
export interface Stages {
  readonly steps: readonly Step[];
  /** Stand in front of it, and are none of its plugins. */
  readonly escorts: readonly Step[];
}

/** How the steps of a chain are bound to what is behind them. */
export interface Binding {
  link(step: Step, next: Next): Next;
  /** What is behind the last step, which has this name. */
  end(name: string): Next;
}

/** Those of the plugins in use that handle queries. */
export function stepsOf(uses: readonly Use[], builtIn: ReadonlySet<string>): Step[] {
  return uses.flatMap(({ plugin: { name }, instance: { handle }, place }) =>
    handle === undefined ? [] : [{ name, handle, foreign: !builtIn.has(name), place }],
  );
}

/** What stands in front of the chain of a block. */
export function escortsOf(block: readonly Use[], all: readonly Use[], builtIn: ReadonlySet<string>): Step[] {
  const instances = block.map(({ instance }) => instance);
  return all.flatMap(({ plugin: { name }, instance, place }) => {
    const handle = instance.escort?.(instances);
    return handle === undefined ? [] : [{ name, handle, foreign: !builtIn.has(name), place }];
  });
}

/** Binds each handler to the rest of the chain, once. Undefined for no steps: such a block answers nothing. */
export function buildChain({ steps, escorts }: Stages, binding: Binding = plain): Next | undefined {
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  const chain = steps.reduceRight((next, step) => binding.link(step, next), binding.end(last.name));
  return escorts.reduceRight((next, step) => accompany(step, next), chain);
}

/** The binding of the chains that answer clients. */
export const plain: Binding = { link, end: endOf };

function link({ name, handle, foreign }: Step, next: Next): Next {
  if (foreign) return linkForeign(name, handle, next);
  return (query) => {
    exchangeOf(query).answeredBy = name;
    return handle(query, next);
  };
}

/** What stands in front of a chain answers for it only where it answers itself. */
function accompany({ name, handle, foreign }: Step, next: Next): Next {
  return foreign ? linkForeign(name, handle, next) : (query) => handle(query, next);
}

/** The compiler has not seen the plugin: its reply is looked at, and it is noted when a query is back in it, so that a fault is not put on those behind it. */
function linkForeign(name: string, handle: Handle, next: Next): Next {
  const check = (reply: Reply): Reply => {
    if (!Reply.isReply(reply)) throw withoutStack(`handler returned ${typeof reply}, expected a Reply`);
    return reply;
  };
  const watched: Next = (query) => {
    const exchange = exchangeOf(query);
    exchange.backIn = '';
    return after(next(query), (reply) => {
      exchange.backIn = name;
      return reply;
    });
  };
  return (query) => {
    const exchange = exchangeOf(query);
    exchange.answeredBy = name;
    exchange.backIn = name;
    return after(handle(query, watched), (reply) => {
      exchange.backIn = '';
      return check(reply);
    });
  };
}

function endOf(name: string): Next {
  return () => {
    throw new QueryError('SERVFAIL', `plugin/${name}: no next plugin found`);
  };
}

/** An error that is not about the line that throws it. */
function withoutStack(message: string): Error {
  return Object.assign(new Error(message), { stack: undefined });
}
