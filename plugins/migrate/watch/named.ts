// A side of a move that is a name: the addresses it leads to are followed as they change, and looked at by the checks of the side.
import { type Awaitable, Health, makeQuery, type Name, ownClient, type Pace, type Query, QueryType, type Reply } from 'ferrydns/plugin';
import type { Looked } from './looked.ts';

/** Milliseconds after which a name is asked for again, however long its TTL is. */
const longestWait = 60_000;
const types = ['A', 'AAAA'] as const;

export interface NamedOptions {
  /** The name is asked for no more often than services are looked at, and counts as one: by `fall` and `rise`. */
  readonly pace: Pace;
  readonly now: () => number;
  resolve(query: Query): Awaitable<Reply>;
  look(address: string): Looked;
  /** Something was found. */
  noted(): void;
}

interface Resolved {
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

const nothing: Resolved = { addresses: [], ttl: Number.POSITIVE_INFINITY };

export class Named {
  private readonly name: Name;
  private readonly options: NamedOptions;
  private readonly health = new Health();
  private readonly looked = new Map<string, Looked>();
  private nextAt = Number.NEGATIVE_INFINITY;
  private busy = false;
  private released = false;

  constructor(name: Name, options: NamedOptions) {
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

  /** Whether the name can be resolved and one of its addresses is well; undefined: not known yet. */
  state(judged: boolean): boolean | undefined {
    if (!this.health.known) return undefined;
    if (!this.health.up) return false;
    const states = [...this.looked.values()].map((each) => each.state(judged));
    if (states.includes(true)) return true;
    return states.length === 0 || states.includes(undefined) ? undefined : false;
  }

  release(): void {
    this.released = true;
    for (const looked of this.looked.values()) looked.release();
    this.looked.clear();
  }

  private async follow(): Promise<void> {
    const { pace, now, noted } = this.options;
    const found = await Promise.all(types.map((type) => this.ask(type)));
    if (this.released) return;
    const addresses = found.flatMap((each) => each.addresses);
    const ttl = Math.min(...found.map((each) => each.ttl));
    const resolved = addresses.length > 0;
    this.nextAt = now() + (resolved ? Math.max(pace.interval, Math.min(ttl * 1000, longestWait)) : pace.interval);
    this.health.record(resolved, pace, now());
    // What it led to before is kept while it cannot be resolved: it may just be one answer that was lost.
    if (resolved) this.lookAt(addresses);
    noted();
  }

  private lookAt(addresses: readonly string[]): void {
    for (const [address, looked] of this.looked) {
      if (addresses.includes(address)) continue;
      looked.release();
      this.looked.delete(address);
    }
    for (const address of addresses) if (!this.looked.has(address)) this.looked.set(address, this.options.look(address));
  }

  private async ask(type: string): Promise<Resolved> {
    try {
      const query = makeQuery({ name: this.name, type, client: ownClient, receivedAt: this.options.now() });
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
