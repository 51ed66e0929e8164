// Follows a query through the rest of the chain and logs its outcome, if the rule for its name wants it.
import { kindOf, leaveTrail, Trail } from 'ferrydns/built-in';
import { type Awaitable, isPromise, type Logger, type Next, type Query, QueryError, Reply, type SetupContext } from 'ferrydns/plugin';
import { classOf } from './classify.ts';
import { logClass, logType } from './metadata.ts';
import { type Rule, ruleFor } from './rules.ts';

const failed = Reply.decline('SERVFAIL');

export class QueryLog {
  private readonly rules: readonly Rule[];
  private readonly log: Logger;
  private readonly logObject: SetupContext['logObject'];
  private readonly now: () => number;

  constructor(rules: readonly Rule[], context: Pick<SetupContext, 'plainLog' | 'logObject' | 'now'>) {
    this.rules = rules;
    this.log = context.plainLog;
    this.logObject = context.logObject;
    this.now = context.now;
  }

  handle(query: Query, next: Next): Awaitable<Reply> {
    const rule = ruleFor(this.rules, query);
    // An explanation is no query of a client: it is not logged.
    if (rule === undefined || query.explained !== undefined) return next(query);
    if (typeof rule.format !== 'function' && query.trail === undefined) leaveTrail(query, new Trail(this));
    let reply: Awaitable<Reply>;
    try {
      reply = next(query);
    } catch (error) {
      this.write(rule, query, replyTo(error));
      throw error;
    }
    if (isPromise(reply)) return this.later(rule, query, reply);
    this.write(rule, query, reply);
    return reply;
  }

  private async later(rule: Rule, query: Query, reply: Promise<Reply>): Promise<Reply> {
    let answer: Reply;
    try {
      answer = await reply;
    } catch (error) {
      this.write(rule, query, replyTo(error));
      throw error;
    }
    this.write(rule, query, answer);
    return answer;
  }

  private write(rule: Rule, query: Query, reply: Reply): void {
    const { metadata } = query;
    if (rule.classes !== undefined || metadata !== undefined) {
      const kind = kindOf(query, reply);
      metadata?.set(logType, kind);
      metadata?.set(logClass, classOf(kind));
      if (rule.classes?.has(classOf(kind)) === false) return;
    }
    const entry = { query, reply, milliseconds: this.now() - query.receivedAt };
    if (typeof rule.format === 'function') this.log.info(rule.format(entry));
    else this.logObject(rule.format.fields(entry));
  }
}

/** What the client is told when the chain fails. */
function replyTo(error: unknown): Reply {
  return QueryError.is(error) ? Reply.decline(error.rcode, error.extendedError) : failed;
}
