// Finds the addresses of a member that is given by name: asks this server, again and again as the TTLs say.
import { type Awaitable, isPromise, type Logger, makeQuery, type Name, ownClient, type Query, QueryType, Reply } from 'ferrydns/plugin';
import type { Member } from './member.ts';

/** Seconds between two look-ups at least and at most. */
const bounds = { shortest: 5, longest: 300 };
/** Addresses of one name that are used: each is checked by itself. */
const mostAddresses = 16;

type Addresses = Readonly<Record<'A' | 'AAAA', readonly string[]>>;

export interface LookupOptions {
  readonly name: Name;
  readonly now: () => number;
  readonly log: Logger;
  ask(query: Query): Awaitable<Reply>;
  /** Hears of the addresses whenever they have changed. */
  found(addresses: readonly string[]): void;
  /** Hears that none was found. */
  missed(): void;
}

/** Follows the addresses of the members that are given by nothing but a name. */
export function lookupsOf(
  members: readonly Member[],
  { moved, ...options }: Omit<LookupOptions, 'name' | 'found' | 'missed'> & { moved: Moved },
): readonly Lookup[] {
  return members.flatMap((member) => {
    const { name, lookedUp } = member.spec;
    if (name === undefined || !lookedUp) return [];
    const found = (addresses: readonly string[]) => moved(member, addresses);
    return [new Lookup({ ...options, name, found, missed: () => moved(member, undefined) })];
  });
}

/** Hears of addresses that have changed, or that none could be found. */
type Moved = (member: Member, addresses: readonly string[] | undefined) => void;

export class Lookup {
  private readonly options: LookupOptions;
  private addresses: Addresses = { A: [], AAAA: [] };
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
    const ttl = Math.min(v4?.ttl ?? bounds.shortest, v6?.ttl ?? bounds.shortest, bounds.longest);
    this.dueAt = this.options.now() + Math.max(ttl, bounds.shortest) * 1000;
    this.busy = false;
    // A name that has lost every address is a mistake more often than a wish.
    const failing = (v4?.addresses ?? []).length + (v6?.addresses ?? []).length === 0;
    this.tell(failing);
    if (failing) this.options.missed();
    else this.take({ A: v4?.addresses ?? this.addresses.A, AAAA: v6?.addresses ?? this.addresses.AAAA });
  }

  private take(next: Addresses): void {
    if (JSON.stringify(next) === JSON.stringify(this.addresses)) return;
    this.addresses = next;
    const all = next.A.length + next.AAAA.length;
    const { log, name, found } = this.options;
    if (all > mostAddresses) log.warn(`member ${name} has ${all} addresses: ${mostAddresses} of them are used, the others are not answered with`);
    found(used(next));
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
    const query = makeQuery({ name, type, client: ownClient, receivedAt: now() });
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

/** Where there are too many, no type crowds out the other. */
function used({ A, AAAA }: Addresses): readonly string[] {
  const share = (own: readonly string[], other: readonly string[]) => own.slice(0, Math.max(mostAddresses / 2, mostAddresses - other.length));
  return [...share(A, AAAA), ...share(AAAA, A)];
}
