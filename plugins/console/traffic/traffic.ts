// Counts every query of a server in front of the chains of its blocks, whichever block the console stands in.
import {
  type Awaitable,
  type Instance,
  isPromise,
  type Next,
  type Query,
  QueryError,
  type Reply,
  type RequestObserver,
  ResponseCode,
  type Route,
  rcodeCode,
} from 'ferrydns/plugin';
import { type CountedRoute, RouteCounts, routeSince } from './route-counts.ts';

type RouteName = Pick<Route, 'server' | 'zone' | 'view'>;

interface Counted {
  readonly route: RouteName;
  readonly counts: RouteCounts;
}

/** The counts of one process; they go on through reloads. */
export class Traffic implements RequestObserver {
  private readonly now: () => number;
  private readonly byIndex: (RouteCounts | undefined)[] = [];
  private readonly routes = new Map<string, Counted>();
  /** What the primary process was told of last. */
  private told = new Map<string, CountedRoute>();
  /** The chains that are counted already: two consoles count once. */
  private readonly counted = new WeakMap<Instance, object>();

  /** Milliseconds on the clock of the queries. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** What stands in front of a server block, for whoever asks first. */
  escort(block: readonly Instance[], asker: object): ((query: Query, next: Next) => Awaitable<Reply>) | undefined {
    const [first] = block;
    if (first === undefined || (this.counted.get(first) ?? asker) !== asker) return undefined;
    this.counted.set(first, asker);
    return (query, next) => this.pass(query, next);
  }

  /** Counts a query that no chain answered, or whose chain broke. */
  unrouted(query: Query, reply: Reply): void {
    if (reply.rcodeNumber !== ResponseCode.BADVERS) this.count(query, reply.rcodeNumber, false);
  }

  panicked(): void {}

  /** What was counted of every route, the other processes included. */
  read(): readonly CountedRoute[] {
    return [...this.routes.values()].map(({ route, counts }) => counts.read(route));
  }

  /** In a worker: what was counted since this was called last. */
  news(): readonly CountedRoute[] {
    const now = new Map(this.read().map((route) => [keyOf(route), route]));
    const news = [...now].map(([key, route]) => routeSince(route, this.told.get(key))).filter(({ queries }) => queries > 0);
    this.told = now;
    return news;
  }

  /** In the primary process: what a worker has counted. */
  add(news: readonly CountedRoute[]): void {
    for (const route of news) this.at(route).add(route);
  }

  /** Whatever nobody outside has asked is not counted. */
  private pass(query: Query, next: Next): Awaitable<Reply> {
    if (query.own || query.explained !== undefined) return next(query);
    let reply: Awaitable<Reply>;
    try {
      reply = next(query);
    } catch (error) {
      this.failed(query, error);
      throw error;
    }
    if (isPromise(reply)) return this.later(query, reply);
    this.count(query, reply.rcodeNumber, !reply.declined);
    return reply;
  }

  private later(query: Query, reply: Promise<Reply>): Promise<Reply> {
    return reply.then(
      (answer) => {
        this.count(query, answer.rcodeNumber, !answer.declined);
        return answer;
      },
      (error: unknown) => {
        this.failed(query, error);
        throw error;
      },
    );
  }

  /** Anything else that is thrown is told to {@link unrouted}. */
  private failed(query: Query, error: unknown): void {
    if (QueryError.is(error)) this.count(query, rcodeCode(error.rcode) ?? ResponseCode.SERVFAIL, false);
  }

  private count(query: Query, rcode: number, answered: boolean): void {
    const { route } = query;
    const counts = this.byIndex[route.index] ?? this.open(route);
    counts.count(rcode, this.now() - query.receivedAt, query.exchange.answeredBy, answered);
  }

  private open(route: Route): RouteCounts {
    const counts = this.at(route);
    this.byIndex[route.index] = counts;
    return counts;
  }

  private at(route: RouteName): RouteCounts {
    const key = keyOf(route);
    const known = this.routes.get(key);
    if (known !== undefined) return known.counts;
    const counts = new RouteCounts();
    this.routes.set(key, { route, counts });
    return counts;
  }
}

export function keyOf({ server, zone, view }: RouteName): string {
  return JSON.stringify([server, zone, view]);
}
