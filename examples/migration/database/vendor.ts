// The resolver of the vendor: two caches behind one address that take turns. When a record changes, one has just learnt the old address and
// the other learns the new one, so old and new are answered in turn until the old one has run out.
import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { type DatabaseName, names, places, type Side } from './places.ts';

/** An upstream that mixes old and new after a change, for as long as its TTL. */
export interface Vendor {
  /** Address and port. */
  readonly endpoint: string;
  /** Seconds. */
  readonly ttl: number;
  /** When it answered with A for the last time; milliseconds of the wall clock. */
  readonly lastA: number;
  /** The records lead to B from now on; what is in the caches stays there. */
  change(): Promise<void>;
  stop(): Promise<void>;
}

interface Entry {
  readonly side: Side;
  /** Milliseconds of the wall clock. */
  readonly until: number;
}

export async function startVendor(ttl: number): Promise<Vendor> {
  const resolver = new Resolver(ttl);
  const plugin = definePlugin({
    name: 'vendor',
    summary: 'answers for the databases from one of two caches',
    config: {},
    setup: () => ({
      handle(query) {
        const name = names.find((each) => query.name === `${each}.`);
        if (name === undefined) return Reply.empty('NXDOMAIN');
        if (query.type !== 'A') return Reply.empty('NOERROR');
        const { side, seconds } = resolver.answer(name);
        return Reply.answer([record({ name: query.name, type: 'A', ttl: seconds, data: places[name][side] })], { recursionAvailable: true });
      },
    }),
  });
  const server = await serve('. {\n vendor\n}\n', { plugins: [{ plugin, place: { before: 'cache' } }] });
  return Object.assign(resolver, { endpoint: `${server.address}:${server.port}`, stop: () => server.stop() });
}

class Resolver {
  readonly ttl: number;
  lastA = 0;
  private record: Side = 'A';
  private readonly caches = [new Map<DatabaseName, Entry>(), new Map<DatabaseName, Entry>()] as const;
  /** The cache whose turn it is for a name. */
  private readonly turns = new Map<DatabaseName, number>();

  constructor(ttl: number) {
    this.ttl = ttl;
  }

  answer(name: DatabaseName): { readonly side: Side; readonly seconds: number } {
    const turn = this.turns.get(name) ?? 0;
    this.turns.set(name, turn + 1);
    const { side, until } = this.lookUp(this.caches[turn % 2 === 0 ? 0 : 1], name);
    if (side === 'A') this.lastA = Date.now();
    return { side, seconds: Math.ceil((until - Date.now()) / 1000) };
  }

  async change(): Promise<void> {
    const [one, other] = this.caches;
    one.clear();
    other.clear();
    for (const [i, name] of names.entries()) {
      this.lookUp(other, name);
      // Not the same one for both names: an application gets one old and one new address.
      this.turns.set(name, i);
    }
    this.record = 'B';
  }

  private lookUp(cache: Map<DatabaseName, Entry>, name: DatabaseName): Entry {
    const known = cache.get(name);
    if (known !== undefined && known.until > Date.now()) return known;
    const entry = { side: this.record, until: Date.now() + this.ttl * 1000 };
    cache.set(name, entry);
    return entry;
  }
}
