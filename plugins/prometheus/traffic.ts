// What is counted of every query. Labels are resolved once for each listener, zone and view; a query finds its counters by number.
import {
  type Awaitable,
  headerLength,
  isPromise,
  type Metrics,
  type Next,
  perRoute,
  type Query,
  QueryError,
  type Reply,
  ResponseCode,
  type Route,
  rcodeCode,
} from 'ferrydns/plugin';
import { RouteMetrics, TrafficMetrics } from './route-metrics.ts';

/** Octets of an OPT record without options. */
const optLength = 11;

export class Traffic {
  private readonly now: () => number;
  private readonly of: (query: Query) => RouteMetrics;

  constructor(metrics: Metrics, now: () => number) {
    const families = new TrafficMetrics(metrics);
    this.now = now;
    this.of = perRoute((route: Route) => new RouteMetrics(families, route));
  }

  /** Passes a query on and counts it when its reply is there, which is at once where the reply is. */
  handle(query: Query, next: Next): Awaitable<Reply> {
    let reply: Awaitable<Reply>;
    try {
      reply = next(query);
    } catch (error) {
      this.failed(query, error);
      throw error;
    }
    if (isPromise(reply)) return this.later(query, reply);
    this.replied(query, reply);
    return reply;
  }

  /** Counts a query that no chain answered, or whose chain broke. A wrong version of EDNS is answered before anything is counted. */
  unrouted(query: Query, reply: Reply): void {
    if (reply.rcodeNumber === ResponseCode.BADVERS) return;
    const size = headerLength + query.questionLength + (query.edns ? optLength : 0);
    this.count(query, size, this.of(query).replies(reply.rcodeNumber, ''));
  }

  private async later(query: Query, reply: Promise<Reply>): Promise<Reply> {
    let answer: Reply;
    try {
      answer = await reply;
    } catch (error) {
      this.failed(query, error);
      throw error;
    }
    this.replied(query, answer);
    return answer;
  }

  private replied(query: Query, reply: Reply): void {
    const metrics = this.of(query);
    if (reply.declined) this.count(query, 0, metrics.replies(reply.rcodeNumber, ''));
    else this.count(query, reply.plainLength(query), metrics.replies(reply.rcodeNumber, query.exchange.answeredBy));
  }

  /** What is no answer of a plugin is counted by the server, see {@link unrouted}. */
  private failed(query: Query, error: unknown): void {
    if (QueryError.is(error)) this.count(query, 0, this.of(query).replies(rcodeCode(error.rcode) ?? 2, ''));
  }

  private count(query: Query, size: number, replies: { add(): void }): void {
    const metrics = this.of(query);
    const tcp = query.client.transport !== 'udp';
    metrics.queries(query.typeCode, tcp, query.client.family).add();
    if (query.dnssecOk) metrics.dnssecOk().add();
    metrics.duration.observe((this.now() - query.receivedAt) / 1000);
    metrics.sizes(tcp).observe(query.size, size);
    replies.add();
  }
}
