// Finds the addresses of a member that is given by name: asks this server, again and again as the TTLs say.
import { type Awaitable, isPromise, type Logger, makeQuery, type Name, type Query, QueryType, Reply } from 'ferrydns/plugin';

/** Seconds between two look-ups at least and at most. */
const bounds = { shortest: 5, longest: 300 };
/** Addresses of one name that are used: each is checked by itself. */
const mostAddresses = 16;

export interface LookupOptions {
  readonly name: Name;
  readonly now: () => number;
  readonly log: Logger;
  ask(query: Query): Awaitable<Reply>;
  /** Hears of the addresses whenever they have changed. */
  found(addresses: readonly string[]): void;
}

export class Lookup {
  private readonly options: LookupOptions;
  private addresses: Readonly<Record<'A' | 'AAAA', readonly string[]>> = { A: [], AAAA: [] };
  private dueAt = 0;
  private busy = false;
  private failing = false;

  constructor(options: LookupOptions) {
    this.options = options;
  }

  /** Looks the name up if it is time. When it cannot be found, the addresses stay as they are. */
  async run(): Promise<void> {
    if (this.busy || this.options.now() < this.dueAt) return;
    this.busy = true;
    const [v4, v6] = await Promise.all([this.ask('A'), this.ask('AAAA')]);
    const next = { A: v4?.addresses ?? this.addresses.A, AAAA: v6?.addresses ?? this.addresses.AAAA };
    const ttl = Math.min(v4?.ttl ?? bounds.shortest, v6?.ttl ?? bounds.shortest, bounds.longest);
    this.dueAt = this.options.now() + Math.max(ttl, bounds.shortest) * 1000;
    this.busy = false;
    this.tell(v4 === undefined && v6 === undefined);
    // A name that has lost every address is a mistake more often than a wish.
    if (next.A.length + next.AAAA.length === 0 || JSON.stringify(next) === JSON.stringify(this.addresses)) return;
    this.addresses = next;
    this.options.found([...next.A, ...next.AAAA].slice(0, mostAddresses));
  }

  /** Says once that the name cannot be looked up, and once that it can be again. */
  private tell(failing: boolean): void {
    if (failing === this.failing) return;
    this.failing = failing;
    const { log, name } = this.options;
    if (failing) log.warn(`member ${name} cannot be looked up: what is known of it stays`);
    else log.info(`member ${name} can be looked up again`);
  }

  private async ask(type: 'A' | 'AAAA'): Promise<{ readonly addresses: readonly string[]; readonly ttl: number } | undefined> {
    const { name, now, ask } = this.options;
    const client = { address: '127.0.0.1', port: 0, family: 4, transport: 'tcp', localAddress: '127.0.0.1', localPort: 0 } as const;
    const query = makeQuery({ name, type, client, receivedAt: now() });
    try {
      const asked = ask(query);
      const reply = isPromise(asked) ? await asked : asked;
      if (reply.rcodeNumber !== 0 || reply.declined || reply === Reply.drop) return undefined;
      const code = QueryType[type];
      const records = reply.answers.filter(({ typeCode }) => typeCode === code);
      const ttl = reply.answers.reduce((least, record) => Math.min(least, record.ttl), bounds.longest);
      return { addresses: records.map(({ data }) => String(data)).sort(), ttl };
    } catch {
      return undefined;
    }
  }
}
