// A name that a move leads to or from, looked up again and again as its TTL runs out.
import { type Awaitable, makeQuery, type Name, ownClient, type Query, QueryType, type Reply } from 'ferrydns/plugin';

/** Milliseconds after which a name is asked for again, however long its TTL is. */
const longestWait = 60_000;
const types = ['A', 'AAAA'] as const;

/** Questions of plans about where their own targets lead. Nobody is answered by them, so no guard changes what they find. */
const lookUps = new WeakSet<Query>();

/** Whether a plan asks where one of its targets leads. */
export function isLookUp(query: Query): boolean {
  return lookUps.has(query.origin);
}

/** Makes a question one of those that no guard changes. */
export function markLookUp(query: Query): void {
  lookUps.add(query.origin);
}

export interface FollowedNameOptions {
  /** Milliseconds between two questions, at least. */
  readonly interval: number;
  readonly now: () => number;
  resolve(query: Query): Awaitable<Reply>;
  /** What it leads to now; nothing where it could not be resolved. */
  heard(addresses: readonly string[]): void;
}

interface Resolved {
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

const nothing: Resolved = { addresses: [], ttl: Number.POSITIVE_INFINITY };

export class FollowedName {
  private readonly name: Name;
  private readonly options: FollowedNameOptions;
  private nextAt = Number.NEGATIVE_INFINITY;
  private busy = false;
  private released = false;

  constructor(name: Name, options: FollowedNameOptions) {
    this.name = name;
    this.options = options;
  }

  tick(): void {
    if (this.busy || this.options.now() < this.nextAt) return;
    this.busy = true;
    void this.follow().finally(() => {
      this.busy = false;
    });
  }

  release(): void {
    this.released = true;
  }

  private async follow(): Promise<void> {
    const { interval, now, heard } = this.options;
    const found = await Promise.all(types.map((type) => this.ask(type)));
    if (this.released) return;
    const addresses = found.flatMap((each) => each.addresses);
    const ttl = Math.min(...found.map((each) => each.ttl));
    this.nextAt = now() + (addresses.length > 0 ? Math.max(interval, Math.min(ttl * 1000, longestWait)) : interval);
    heard(addresses);
  }

  private async ask(type: string): Promise<Resolved> {
    try {
      const query = makeQuery({ name: this.name, type, client: ownClient, receivedAt: this.options.now() });
      markLookUp(query);
      const reply = await this.options.resolve(query);
      if (reply.declined || reply.rcodeNumber !== 0) return nothing;
      const { answers } = reply;
      const addresses = answers.flatMap(({ typeCode, data }) => (typeCode === QueryType.A || typeCode === QueryType.AAAA ? [String(data)] : []));
      return addresses.length === 0 ? nothing : { addresses, ttl: Math.min(...answers.map((each) => each.ttl)) };
    } catch {
      return nothing;
    }
  }
}
