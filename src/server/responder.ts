// Answers messages: refuses what is no query, finds the server block, runs its chain, renders the reply. Duties that no chain can switch off.

import type { Route } from '../dns/client.ts';
import { ExtendedError, isDataClass, Opcode, QueryClass, QueryType } from '../dns/codes.ts';
import { exchangeOf } from '../dns/exchange.ts';
import { readQuery, type Verdict, verdict } from '../dns/header.ts';
import type { Query } from '../dns/query.ts';
import { QueryError } from '../dns/query-error.ts';
import { minimizeAny, render, renderRefusal } from '../dns/render.ts';
import { Reply } from '../dns/reply.ts';
import { headerLength } from '../dns/wire.ts';
import type { Logger } from '../log/logger.ts';
import { type Awaitable, after, isPromise } from '../plugin/awaitable.ts';
import type { RequestObserver } from '../plugin/request-observer.ts';
import { type Answerer, type MessageStream, maxMessage, type Peer, pending } from '../transport/answerer.ts';
import { type Circumstances, culpritOf, errorText, withCircumstances } from './culprit.ts';
import type { Held, InHand } from './in-hand.ts';
import type { LateReplies } from './late-replies.ts';
import type { Router } from './router.ts';
import { type Shortfall, Unanswered } from './unanswered.ts';
import type { RoutedBlock } from './zone-blocks.ts';

/** What a responder answers with; replaced as a whole at a reload. */
export interface Answering {
  readonly router: Router;
  /** The route of queries that no block answers; its zone is called "dropped", as in CoreDNS's metrics. */
  readonly unrouted: Route;
  /** Whether a plugin of this listener takes questions of classes other than IN. */
  readonly otherClasses: boolean;
  /** Whether a plugin of this listener takes NOTIFY. */
  readonly notified: boolean;
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

/** Leads the messages of one listener to the chains. */
export class Responder implements Answerer, Shortfall {
  answering: Answering;
  /** Whether queries are taken: not before every instance has started, and not any more while the last ones are answered. */
  open = true;
  readonly now: () => number;
  private readonly log: Logger;

  constructor(answering: Answering, context: { readonly now: () => number; readonly log: Logger }) {
    this.answering = answering;
    this.now = context.now;
    this.log = context.log;
  }

  answer(wire: Uint8Array, start: number, end: number, peer: Peer, out: Uint8Array): number {
    if (!this.open) return 0;
    const received = this.read(wire, start, end, peer);
    if (typeof received === 'number') {
      if (received === verdict.ignore) return 0;
      for (const observer of this.answering.observers) observer.rejected?.(wire.subarray(start, end), received, peer, this.answering.unrouted.server);
      return renderRefusal(wire, start, received, out);
    }
    const found = this.blockFor(received);
    const block = found instanceof Reply ? undefined : found;
    const query = asTakenBy(block, received);
    if (block?.wire !== undefined) {
      block.wire.asked?.(query);
      block.wire.received?.(wire.subarray(start, end), query);
    }
    const reply = found instanceof Reply ? found : this.run(query, found);
    if (!isPromise(reply) && (reply.following === undefined || peer.stream === undefined)) return this.render(reply, query, out, block);
    query.detach();
    this.answerLater(reply, { query, peer, block, inHand: this.answering.inHand, exchange: exchangeOf(query), before: undefined, behind: undefined });
    return pending;
  }

  /** A mistake of ours in reading a message costs that message, never the process. */
  private read(wire: Uint8Array, start: number, end: number, peer: Peer): Query | Verdict {
    try {
      const query = readQuery(wire, start, end, peer, peer.receivedAt ?? this.now());
      return typeof query === 'object' && query.opcode === Opcode.NOTIFY && !this.answering.notified ? verdict.refused : query;
    } catch (error) {
      this.panicked(error);
      return verdict.formatError;
    }
  }

  /** The reply to a query of the server's own, without rendering it. Never throws: a failure becomes a reply that says so. */
  reply(query: Query): Awaitable<Reply> {
    const found = this.blockFor(query);
    if (found instanceof Reply) return found;
    const taken = asTakenBy(found, query);
    const reply = this.run(taken, found);
    return isPromise(reply) ? new Promise((resolve) => this.wait(reply, taken, found, resolve)) : reply;
  }

  /** The server block for a query, or what is said where none answers it. What a plugin throws before the choice costs that query. */
  private blockFor(query: Query): RoutedBlock | Reply {
    const refusal = this.refusal(query);
    if (refusal !== undefined) return this.outsideChains(query, refusal);
    try {
      return this.answering.router.find(query) ?? this.outsideChains(query, refused);
    } catch (error) {
      return this.failed(error, query);
    }
  }

  private run(query: Query, block: RoutedBlock): Awaitable<Reply> {
    const exchange = exchangeOf(query);
    exchange.route = block.route;
    exchange.deadline = query.receivedAt + block.patience;
    if (block.chain === undefined) return this.outsideChains(query, refused);
    if (isTransfer(query) && !block.transfers) return this.outsideChains(query, refused);
    try {
      return query.opcode === Opcode.NOTIFY ? this.notify(query, block) : block.chain(query);
    } catch (error) {
      return this.failed(error, query, block);
    }
  }

  /** The first instance that takes the NOTIFY answers it. */
  private async notify(query: Query, block: RoutedBlock): Promise<Reply> {
    for (const { instance } of block.uses) {
      const reply = await instance.notify?.(query);
      if (reply !== undefined) return reply;
    }
    return this.outsideChains(query, refused);
  }

  /** What `give` is called with comes in time, whatever becomes of the reply. */
  private wait(reply: Promise<Reply>, query: Query, block: RoutedBlock, give: (reply: Reply) => void): void {
    this.answering.inHand.wait(reply, block.patience, new Unanswered(query, block, this, give));
  }

  late(query: Query, block: RoutedBlock): Reply {
    this.answering.lateReplies.note(query, culpritOf(query, block.steps), block.patience);
    exchangeOf(query).cancel('the time is up');
    return unanswered;
  }

  private refusal(query: Query): Reply | undefined {
    if (query.ednsVersion !== 0) return badVersion;
    if (query.classCode !== QueryClass.IN && !(this.answering.otherClasses && isDataClass(query.classCode))) return refused;
    return undefined;
  }

  /** Counts a query that no chain answers. */
  private outsideChains(query: Query, reply: Reply): Reply {
    exchangeOf(query).route = this.answering.unrouted;
    for (const observer of this.answering.observers) observer.unrouted(query, reply);
    return reply;
  }

  failed(error: unknown, query: Query, block?: RoutedBlock): Reply {
    if (QueryError.is(error)) return Reply.decline(error.rcode, error.extendedError);
    this.panicked(error, { query, steps: block?.steps ?? [] });
    return this.outsideChains(query, Reply.decline('SERVFAIL', ExtendedError.OTHER));
  }

  private panicked(error: unknown, circumstances?: Circumstances): void {
    const { observers, unrouted, stacktrace } = this.answering;
    for (const observer of observers) observer.panicked();
    const text = (stacktrace === true && error instanceof Error ? error.stack : undefined) ?? errorText(error);
    this.log.error(`Recovered from panic in server: "${unrouted.server}" ${withCircumstances(text, circumstances)}`);
  }

  private answerLater(reply: Awaitable<Reply>, asked: Asked): void {
    const { query, peer, block, inHand, exchange } = asked;
    inHand.enter(asked);
    peer.waiting?.add(exchange);
    const give = (answer: Reply) => {
      if (answer.following !== undefined && peer.stream !== undefined) void this.sendAll(answer, answer.following, asked, peer.stream);
      else this.sendOne(answer, asked);
    };
    if (isPromise(reply) && block !== undefined) this.wait(reply, query, block, give);
    else void after(reply, give);
  }

  private sendOne(answer: Reply, asked: Asked): void {
    const { query, peer, block } = asked;
    try {
      const length = this.render(answer, query, scratch, block);
      if (length > 0) peer.send(scratch.subarray(0, length));
      else peer.sendNothing();
    } finally {
      leave(asked);
    }
  }

  /** Sends an answer of many messages. One that cannot be completed ends the connection, so that it is not taken for whole. */
  private async sendAll(first: Reply, following: AsyncIterable<Reply>, asked: Asked, stream: MessageStream): Promise<void> {
    const { query, peer, block } = asked;
    try {
      await stream.send(scratch.subarray(0, this.render(first, query, scratch, block)));
      for await (const reply of following) {
        if (exchangeOf(query).cancelled !== undefined) break;
        await stream.send(scratch.subarray(0, this.render(reply, query, scratch, block)));
      }
    } catch (error) {
      this.failed(error, query, block);
      stream.abort();
    }
    if (exchangeOf(query).cancelled !== undefined) stream.abort();
    peer.sendNothing();
    leave(asked);
  }

  /** The length of the message; 0 for silence. */
  private render(reply: Reply, query: Query, out: Uint8Array, block: RoutedBlock | undefined): number {
    if (reply === Reply.drop) {
      block?.wire?.silent?.(query);
      return 0;
    }
    const limit = query.replyLimit;
    try {
      const whole = reply.following === undefined || (query.client as Peer).stream !== undefined ? reply : reply.with({ truncated: true });
      if (block?.wire === undefined) return render(minimizeAny(whole, query), query, out, limit);
      const length = render(minimizeAny(whole, query), query, out, limit - (block.wire.room?.(query) ?? 0));
      return block.wire.sending?.(out, length, query) ?? length;
    } catch (error) {
      const length = render(this.failed(error, query, block), query, out, limit);
      return length >= headerLength ? length : 0;
    }
  }
}

/** A query whose answer is not at hand. */
interface Asked extends Held {
  readonly query: Query;
  readonly peer: Peer;
  readonly block: RoutedBlock | undefined;
  /** Where it is counted until its last message has been sent. */
  readonly inHand: InHand;
}

function leave(asked: Asked): void {
  asked.peer.waiting?.delete(asked.exchange);
  asked.inHand.leave(asked);
}

/** The query as its block takes it: with no larger UDP size than the block believes. */
function asTakenBy(block: RoutedBlock | undefined, query: Query): Query {
  const most = block?.udpSize;
  return most === undefined || !query.edns || query.advertisedSize <= most ? query : query.with({ udpSize: most });
}

function isTransfer({ typeCode }: Query): boolean {
  return typeCode === QueryType.AXFR || typeCode === QueryType.IXFR;
}
