// Answers messages: refuses what is no query, finds the server block, runs its chain, renders the reply. Duties that no chain can switch off.

import type { Route } from '../dns/client.ts';
import { ExtendedError, isDataClass, QueryClass, QueryType } from '../dns/codes.ts';
import { exchangeOf } from '../dns/exchange.ts';
import { readQuery, type Verdict, verdict } from '../dns/header.ts';
import type { Query } from '../dns/query.ts';
import { minimizeAny, render, renderRefusal } from '../dns/render.ts';
import { Reply } from '../dns/reply.ts';
import { headerLength } from '../dns/wire.ts';
import type { Logger } from '../log/logger.ts';
import { type Awaitable, isPromise } from '../plugin/awaitable.ts';
import { QueryError } from '../plugin/query-error.ts';
import type { RequestObserver } from '../plugin/request-observer.ts';
import { type Answerer, maxMessage, type Peer, pending } from '../transport/answerer.ts';
import { type Circumstances, culpritOf, errorText, withCircumstances } from './culprit.ts';
import type { InHand } from './in-hand.ts';
import type { LateReplies } from './late-replies.ts';
import type { RoutedBlock, Router } from './router.ts';

/** What a responder answers with; replaced as a whole at a reload. */
export interface Answering {
  readonly router: Router;
  /** The route of queries that no block answers. */
  readonly dropped: Route;
  /** Whether a plugin of this listener takes questions of classes other than IN. */
  readonly otherClasses: boolean;
  readonly observers: readonly RequestObserver[];
  /** Whether the stack of an unexpected error is logged. */
  readonly stacktrace?: boolean;
  /** Counts queries whose answer is not at hand, so that a reload can wait for them, and ends their waiting. */
  readonly inHand: InHand;
  readonly lateReplies: LateReplies;
}

const refused = Reply.decline('REFUSED');
const unanswered = Reply.decline('SERVFAIL', { code: ExtendedError.NO_REACHABLE_AUTHORITY, text: 'no answer in time' });
const badVersion = Reply.decline('BADVERS');
const scratch = Buffer.allocUnsafeSlow(maxMessage);

/** One listener's door to the chains. */
export class Responder implements Answerer {
  answering: Answering;
  /** Whether queries are taken: not before every instance has started, and not any more while the last ones are answered. */
  open = true;
  private readonly now: () => number;
  private readonly log: Logger;

  constructor(answering: Answering, context: { readonly now: () => number; readonly log: Logger }) {
    this.answering = answering;
    this.now = context.now;
    this.log = context.log;
  }

  answer(wire: Uint8Array, start: number, end: number, peer: Peer, out: Uint8Array): number {
    if (!this.open) return 0;
    const query = this.read(wire, start, end, peer);
    if (typeof query === 'number') return query < 0 ? 0 : renderRefusal(wire, start, query, out);
    const reply = this.reply(query);
    if (!isPromise(reply)) return reply === Reply.drop ? 0 : this.render(reply, query, out);
    query.detach();
    void this.answerLater(reply, query, peer);
    return pending;
  }

  /** A mistake of ours in reading a message costs that message, never the process. */
  private read(wire: Uint8Array, start: number, end: number, peer: Peer): Query | Verdict {
    try {
      return readQuery(wire, start, end, peer, this.now());
    } catch (error) {
      this.panicked(error);
      return verdict.formatError;
    }
  }

  /** The reply to a query, without rendering it. Never throws: a failure becomes a reply that says so. */
  reply(query: Query): Awaitable<Reply> {
    const refusal = this.refusal(query);
    if (refusal !== undefined) return this.drop(query, refusal);
    const block = this.answering.router.find(query);
    if (block === undefined) return this.drop(query, refused);
    exchangeOf(query).route = block.route;
    if (block.chain === undefined) return this.drop(query, refused);
    try {
      const reply = block.chain(query);
      return isPromise(reply) ? this.inTime(reply, query, block) : reply;
    } catch (error) {
      return this.failed(error, query, block);
    }
  }

  private inTime(reply: Promise<Reply>, query: Query, block: RoutedBlock): Promise<Reply> {
    return this.answering.inHand.inTime(reply, block.patience, {
      failed: (error) => this.failed(error, query, block),
      late: () => {
        this.answering.lateReplies.note(query, culpritOf(query, block.steps), block.patience);
        return unanswered;
      },
    });
  }

  private refusal(query: Query): Reply | undefined {
    if (query.ednsVersion !== 0) return badVersion;
    if (query.classCode !== QueryClass.IN && !(this.answering.otherClasses && isDataClass(query.classCode))) return refused;
    // No plugin transfers zones yet, and an upstream is never asked to (RFC 5936 section 4.2 for UDP).
    if (query.typeCode === QueryType.AXFR || query.typeCode === QueryType.IXFR) return refused;
    return undefined;
  }

  private drop(query: Query, reply: Reply): Reply {
    exchangeOf(query).route = this.answering.dropped;
    for (const observer of this.answering.observers) observer.dropped(query, reply);
    return reply;
  }

  private failed(error: unknown, query: Query, block?: RoutedBlock): Reply {
    if (QueryError.is(error)) return Reply.decline(error.rcode, error.extendedError);
    this.panicked(error, { query, steps: block?.steps ?? [] });
    return this.drop(query, Reply.decline('SERVFAIL', ExtendedError.OTHER));
  }

  private panicked(error: unknown, circumstances?: Circumstances): void {
    const { observers, dropped, stacktrace } = this.answering;
    for (const observer of observers) observer.panicked();
    const text = (stacktrace === true && error instanceof Error ? error.stack : undefined) ?? errorText(error);
    this.log.error(`Recovered from panic in server: "${dropped.server}" ${withCircumstances(text, circumstances)}`);
  }

  private async answerLater(reply: Promise<Reply>, query: Query, peer: Peer): Promise<void> {
    const { inHand } = this.answering;
    inHand.enter();
    try {
      const answer = await reply;
      const length = answer === Reply.drop ? 0 : this.render(answer, query, scratch);
      if (length > 0) peer.send(scratch.subarray(0, length));
      else peer.sendNothing();
    } finally {
      inHand.leave();
    }
  }

  private render(reply: Reply, query: Query, out: Uint8Array): number {
    try {
      return render(minimizeAny(reply, query), query, out, query.replyLimit);
    } catch (error) {
      const length = render(this.failed(error, query), query, out, query.replyLimit);
      return length >= headerLength ? length : 0;
    }
  }
}
