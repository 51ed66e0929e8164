// Compares answers that clients have had with those of another server: behind the clients, and never more at once than is good for anybody.
import { setTimeout as pause } from 'node:timers/promises';
import {
  askServer,
  asSent,
  type DifferenceKind,
  type FoundDifference,
  judgeRounds,
  type RemoteServer,
  type Round,
  type Said,
  type ShadowOutcome,
  type Verdict,
} from 'ferrydns/built-in';
import { type Awaitable, messageOf, type Next, type Query, Reply } from 'ferrydns/plugin';

/** Answers that wait for the other server at once; more are dropped. */
const mostAsked = 128;
/** Questions that are asked again at once, to find out whether their difference counts. */
const mostAskedAgain = 16;
/** How often a question is asked in all before a difference counts, and milliseconds from one time to the next: a cache's TTL is seen to move. */
const rounds = 4;
const betweenRounds = 1100;
/** Milliseconds for which a difference that was found is believed without asking again, and how many are. */
const believed = 60_000;
const mostBelieved = 500;

/** How answers are compared. */
export interface ComparerOptions {
  readonly servers: readonly RemoteServer[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly ignored: ReadonlySet<DifferenceKind>;
  readonly signal: AbortSignal;
  readonly now: () => number;
  outcome(outcome: ShadowOutcome, found?: FoundDifference): void;
}

/** An answer that a client was given. */
export interface Given {
  readonly query: Query;
  readonly reply: Reply;
  /** What answered it. */
  readonly next: Next;
}

export class Comparer {
  private readonly options: ComparerOptions;
  private asked = 0;
  private askedAgain = 0;
  private turn = 0;
  /** When a difference was found, by question and kinds. */
  private readonly found = new Map<string, number>();

  constructor(options: ComparerOptions) {
    this.options = options;
  }

  /** Whether another answer may be compared; one that may not is counted. */
  get hasRoom(): boolean {
    if (this.asked < mostAsked) return true;
    this.options.outcome('dropped');
    return false;
  }

  /** Compares behind the client. Never throws. */
  compare(given: Given): void {
    this.asked++;
    // After the answer has left.
    setImmediate(() => {
      void this.run(given)
        .catch(() => this.options.outcome('unanswered'))
        .finally(() => this.asked--);
    });
  }

  private async run({ query, reply, next }: Given): Promise<void> {
    const { servers, ignored, signal } = this.options;
    const server = servers[this.turn++ % servers.length];
    if (server === undefined || signal.aborted) return;
    const here: Said = { reply: asSent(reply, query) };
    const there = await this.ask(server, query);
    if (signal.aborted) return;
    if ('failure' in there) return this.options.outcome('unanswered');
    const seen: Round[] = [{ a: here, b: there }];
    const first = judgeRounds(seen, ignored);
    if (first.state !== 'different') return this.tell(first, query, server);
    if (this.isBelieved(query, first)) return this.tell(first, query, server);
    // Of two caches one nearly always has less of a TTL left: that alone is looked at again where there is time.
    const onlyTtl = first.differences.every(({ kind }) => kind === 'ttl');
    if (this.askedAgain >= (onlyTtl ? 1 : mostAskedAgain)) return this.options.outcome(onlyTtl ? 'same' : 'dropped');
    this.askedAgain++;
    try {
      const verdict = await this.askAgain(seen, { query, reply, next }, server);
      if (verdict !== undefined) this.tell(verdict, query, server);
    } finally {
      this.askedAgain--;
    }
  }

  /** Both are asked anew until they agree, some times; undefined when the server ends meanwhile. */
  private async askAgain(seen: Round[], { query, next }: Given, server: RemoteServer): Promise<Verdict | undefined> {
    const { ignored, signal } = this.options;
    for (let round = 1; round < rounds; round++) {
      await pause(betweenRounds, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return undefined;
      const [a, b] = await Promise.all([this.answer(query, next), this.ask(server, query)]);
      seen.push({ a, b });
      const verdict = judgeRounds(seen, ignored);
      if (verdict.state !== 'different') return verdict;
    }
    return judgeRounds(seen, ignored);
  }

  private ask(server: RemoteServer, query: Query): Promise<Said> {
    return askServer(server, own(query), this.options.timeout).then(
      (reply) => ({ reply }),
      (error: unknown) => ({ failure: messageOf(error) }),
    );
  }

  /** What would be answered here now. */
  private async answer(query: Query, next: Next): Promise<Said> {
    const again = own(query);
    try {
      const reply = await inTime(next(again), this.options.timeout);
      return reply === undefined || reply === Reply.drop ? { failure: 'no reply' } : { reply: asSent(reply, again) };
    } catch (error) {
      return { reply: Reply.decline(rcodeOf(error)) };
    }
  }

  private tell({ state, differences }: Verdict, query: Query, server: RemoteServer): void {
    const { outcome } = this.options;
    if (state === 'unanswered') return void outcome('unanswered');
    if (state !== 'different') return void outcome(state === 'in turn' ? 'turns' : 'same');
    this.believe(query, differences);
    const { name, type } = query;
    const told = differences.map(({ kind, a, b }) => ({ kind, here: a, there: b }));
    outcome('different', { time: new Date().toISOString(), name, type, server: query.server, shadow: server.address, differences: told });
  }

  private isBelieved(query: Query, { differences }: Verdict): boolean {
    const at = this.found.get(keyOf(query, differences));
    return at !== undefined && this.options.now() - at < believed;
  }

  private believe(query: Query, differences: Verdict['differences']): void {
    const key = keyOf(query, differences);
    if (this.found.has(key) && this.isBelieved(query, { state: 'different', differences })) return;
    this.found.delete(key);
    this.found.set(key, this.options.now());
    const [oldest] = this.found.keys();
    if (this.found.size > mostBelieved && oldest !== undefined) this.found.delete(oldest);
  }
}

function keyOf({ name, type }: Query, differences: Verdict['differences']): string {
  return `${name} ${type} ${differences.map(({ kind }) => kind).join(' ')}`;
}

/** The client's question as the server's own: it waits for nothing when the client has gone. */
function own(query: Query): Query {
  return query.with({ client: query.client });
}

function rcodeOf(error: unknown): 'SERVFAIL' | 'REFUSED' {
  return (error as { readonly rcode?: string }).rcode === 'REFUSED' ? 'REFUSED' : 'SERVFAIL';
}

/** Undefined when it takes longer than so many milliseconds. */
async function inTime(reply: Awaitable<Reply>, milliseconds: number): Promise<Reply | undefined> {
  const late = new AbortController();
  const waits = pause(milliseconds, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([reply, waits]);
  } finally {
    late.abort();
  }
}
