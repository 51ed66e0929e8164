// What is done to the replies of a query whose rules have applied, one thing after another.
import type { Awaitable, Logger, Query, Reply } from 'ferrydns/plugin';

/** What a revision needs of the server. */
export interface Environment {
  readonly log: Logger;
  resolve(query: Query, cause: Query): Awaitable<Reply>;
}

/** One query before the rules and after them. */
export interface Passage {
  readonly received: Query;
  readonly rewritten: Query;
}

/** One thing to do to replies. */
export interface Stage {
  apply(reply: Reply, passage: Passage): Awaitable<Reply>;
}
