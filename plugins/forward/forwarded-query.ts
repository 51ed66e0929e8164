// One query on its way through the upstreams: whom to ask, when to ask another one as well, and which reply to take.
import { type Asker, type Manner, onlyAnswers, Transaction } from 'ferrydns/built-in';
import {
  type Explained,
  ExtendedError,
  type MetadataKey,
  metadataKey,
  type Next,
  type Query,
  QueryError,
  type Reply,
  ResponseCode,
} from 'ferrydns/plugin';
import type { ForwardMetrics } from './metrics.ts';
import type { Policy } from './policy.ts';
import type { Settings } from './settings.ts';
import { Trial } from './trial.ts';
import type { Upstream } from './upstream.ts';

/** What the queries of a forward have in common. */
export interface ForwardContext {
  readonly settings: Settings;
  readonly upstreams: readonly Upstream[];
  readonly policy: Policy;
  readonly metrics: Pick<ForwardMetrics, 'healthcheckBroken'>;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Whether the next plugin is to answer this query instead of giving this reply. */
  handsOn(reply: Reply, query: Query): boolean;
  /** Hears that a query is not on its way any more. */
  left(): void;
}

const upstreamKey: MetadataKey<string> = metadataKey('forward/upstream', 'address and port of the upstream that was asked last');

/** Milliseconds until a client is told that no upstream answers: clients give up after 5 seconds (resolv.conf(5)). */
const patienceOfClients = 4500;
/** Milliseconds between attempts that fail at once, where their number has no limit. */
const pause = 50;
/** A name exists or it does not; everything else is a failure of whoever replied. */
const conclusive = new Set<number>([ResponseCode.NOERROR, ResponseCode.NXDOMAIN]);

const none: readonly Transaction[] = [];

export class ForwardedQuery implements Asker {
  private readonly context: ForwardContext;
  private readonly query: Query;
  private readonly next: Next;
  private readonly order: readonly Upstream[];
  private readonly startedAt: number;
  /** When no upstream is asked any more, and none is waited for. */
  private readonly deadline: number;
  private readonly maxAttempts: number;
  private readonly outcome = Promise.withResolvers<Reply>();
  /** Those that may still bring a reply; most often one, in an array of just that length. */
  private transactions: readonly Transaction[] = none;
  private position = 0;
  private errors = 0;
  private failovers = 0;
  private lastError: string | undefined;
  /** A reply to give if no better one comes. */
  private held: Reply | undefined;
  private done = false;

  constructor(context: ForwardContext, query: Query, next: Next) {
    const { settings, upstreams, policy, now } = context;
    this.context = context;
    this.query = query;
    this.next = next;
    this.order = policy(upstreams);
    this.startedAt = now();
    this.deadline = Math.min(this.startedAt + Math.max(patienceOfClients, settings.readTimeout), query.deadline);
    this.maxAttempts = settings.maxConnectAttempts ?? 2 * upstreams.length;
  }

  /** Rejects with a QueryError when no upstream gives a reply. */
  run(): Promise<Reply> {
    if (this.query.explained !== undefined) this.explain(this.query.explained);
    this.proceed(this.startedAt);
    for (const upstream of this.order) this.tryAgain(upstream);
    return this.outcome.promise;
  }

  replied(transaction: Transaction, reply: Reply, message: Buffer): void {
    const { address } = transaction.server;
    this.upstreamOf(transaction).replied(reply.rcodeNumber, transaction.startedAt);
    this.drop(transaction);
    if (this.done) return;
    this.tellUpstream(address);
    this.query.explained?.note(`${address} replied ${reply.rcode} after ${(this.context.now() - transaction.startedAt).toFixed(1)} ms`);
    let answer: Reply;
    try {
      answer = onlyAnswers(reply, message, { query: this.query, server: address });
    } catch (error) {
      this.reject(error);
      return;
    }
    if (this.context.settings.failover.has(answer.rcodeNumber) && ++this.failovers < this.order.length) {
      this.held = answer;
      this.proceed();
      return;
    }
    // Another upstream that was asked as well may know better than one that failed.
    if (!conclusive.has(answer.rcodeNumber) && this.waiting()) {
      this.held = answer;
      return;
    }
    this.give(answer);
  }

  failed(transaction: Transaction, reason: string): void {
    this.upstreamOf(transaction).failed(transaction.startedAt);
    if (this.done) {
      transaction.abandon();
      return;
    }
    this.errors++;
    this.lastError = reason;
    this.query.explained?.note(`${transaction.server.address} gave no reply: ${reason}`);
    const unlimited = this.maxAttempts === 0 && this.errors >= 2 * this.order.length;
    if (this.waiting()) this.askAnother();
    else if (unlimited) setTimeout(() => this.proceed(), pause).unref();
    else this.proceed();
  }

  overdue(transaction: Transaction): void {
    const upstream = this.upstreamOf(transaction);
    if (this.isStrict) {
      upstream.probe();
      return;
    }
    upstream.overdue();
    if (!this.done) this.askAnother();
  }

  unreadable(): void {
    if (!this.done) this.askAnother();
  }

  /** Asks the next upstream; gives up when there may be no further attempt. */
  private proceed(now = this.context.now()): void {
    if (this.done) return;
    const upstream = this.mayAsk(now) ? this.choose() : undefined;
    if (upstream !== undefined) this.ask(upstream, now);
    else if (!this.waiting()) this.giveUp();
  }

  /** Asks a further upstream beside those that are being asked, if one is there that is well. */
  private askAnother(): void {
    const now = this.context.now();
    const upstream = this.mayAsk(now) ? this.find(isWell) : undefined;
    if (upstream !== undefined) this.ask(upstream, now);
  }

  private mayAsk(now: number): boolean {
    if (now >= this.deadline || this.query.exchange.cancelled !== undefined) return false;
    return this.maxAttempts === 0 || this.errors + countWaiting(this.transactions) < this.maxAttempts;
  }

  /** The next upstream that is well; else one that is not known to be down; else, as the checks themselves may be broken, any. */
  private choose(): Upstream | undefined {
    const { settings, metrics } = this.context;
    const found = this.find(isWell) ?? this.find(isFree) ?? (this.waiting() ? undefined : this.find(isUp));
    if (found !== undefined || this.waiting()) return found;
    metrics.healthcheckBroken.add();
    return settings.failFast ? undefined : this.order[Math.floor(Math.random() * this.order.length)];
  }

  /** The first that fits, from the one behind the last asked on. */
  private find(fits: (upstream: Upstream, asking: ForwardedQuery) => boolean): Upstream | undefined {
    const { order } = this;
    for (let i = 0; i < order.length; i++) {
      const at = (this.position + i) % order.length;
      const upstream = order[at] as Upstream;
      if (!fits(upstream, this)) continue;
      this.position = at + 1;
      return upstream;
    }
    return undefined;
  }

  /** Says who was asked last. */
  private tellUpstream(address: string): void {
    const { metadata, trail } = this.query;
    metadata?.set(upstreamKey, address);
    if (trail !== undefined) trail.upstream = address;
  }

  private ask(upstream: Upstream, now: number): void {
    const { query } = this;
    this.tellUpstream(upstream.address);
    query.explained?.note(`asks ${upstream.address}${this.waiting() ? ' as well' : ''}`);
    const transaction = new Transaction(this, { query, server: upstream.server, manner: this.mannerFor(upstream, now), startedAt: now });
    this.transactions = this.transactions.length === 0 ? [transaction] : [...this.transactions, transaction];
    transaction.start();
  }

  /** Sends the query to an upstream that is avoided too, for its health's sake: some do not answer checks. */
  private tryAgain(upstream: Upstream): void {
    if (this.asks(upstream) || !upstream.wantsTrial()) return;
    const { query, startedAt } = this;
    new Transaction(new Trial(upstream), { query, server: upstream.server, manner: this.mannerFor(upstream, startedAt), startedAt }).start();
  }

  private mannerFor(upstream: Upstream, now: number): Manner {
    const { settings } = this.context;
    const timeout = Math.max(1, Math.min(settings.readTimeout, this.deadline - now));
    return {
      tcp: settings.forceTcp || (!settings.preferUdp && this.query.client.transport !== 'udp'),
      tcpWhenCut: settings.preferUdp,
      patience: this.order.length === 1 ? undefined : upstream.patience,
      timeout,
    };
  }

  /** Whether the order of the upstreams is more than a preference: the next one is asked only when those before it give no reply. */
  private get isStrict(): boolean {
    return this.context.settings.policy === 'sequential';
  }

  private explain(explained: Explained): void {
    explained.note(`policy ${this.context.settings.policy}`);
    for (const { address, health } of this.order) explained.note(`upstream ${address} is ${health}`);
  }

  private waiting(): boolean {
    return countWaiting(this.transactions) > 0;
  }

  /** Whether it is being asked. */
  asks(upstream: Upstream): boolean {
    for (const { waiting, server } of this.transactions) if (waiting && server === upstream.server) return true;
    return false;
  }

  private upstreamOf({ server }: Transaction): Upstream {
    return this.order.find((upstream) => upstream.server === server) as Upstream;
  }

  private drop(transaction: Transaction): void {
    const [first, ...others] = this.transactions;
    this.transactions = first === transaction ? others : this.transactions.filter((other) => other !== transaction);
  }

  private giveUp(): void {
    if (this.held !== undefined) {
      this.give(this.held);
      return;
    }
    const { lastError } = this;
    const { cancelled } = this.query.exchange;
    if (cancelled !== undefined) {
      this.reject(new QueryError('SERVFAIL', `nobody waits for the answer any more: ${cancelled}`));
      return;
    }
    const extendedError = lastError === undefined ? ExtendedError.NO_REACHABLE_AUTHORITY : ExtendedError.NETWORK_ERROR;
    this.reject(new QueryError('SERVFAIL', lastError ?? 'no healthy proxies', { extendedError }));
  }

  private give(reply: Reply): void {
    this.finish();
    try {
      const handsOn = this.context.handsOn(reply, this.query);
      if (handsOn) this.query.explained?.note(`hands ${reply.rcode} on to the next forward`);
      this.outcome.resolve(handsOn ? this.next(this.query) : reply);
    } catch (error) {
      this.outcome.reject(error);
    }
  }

  private reject(error: unknown): void {
    this.finish();
    this.outcome.reject(error);
  }

  /** Attempts that still wait go on, to learn whether their upstream is well. */
  private finish(): void {
    this.done = true;
    this.context.left();
    for (const transaction of this.transactions) {
      if (!transaction.waiting) transaction.abandon();
    }
  }
}

function isUp(upstream: Upstream): boolean {
  return !upstream.down;
}

function isFree(upstream: Upstream, asking: ForwardedQuery): boolean {
  return isUp(upstream) && !asking.asks(upstream);
}

function isWell(upstream: Upstream, asking: ForwardedQuery): boolean {
  return isFree(upstream, asking) && !upstream.silent;
}

function countWaiting(transactions: readonly Transaction[]): number {
  let count = 0;
  for (const { waiting } of transactions) if (waiting) count++;
  return count;
}
