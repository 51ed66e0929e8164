// Asks the plugins behind what they would answer for the moved names: before the move for the TTL, after it whether they still lead to A.
import { isIP } from 'node:net';
import {
  type Awaitable,
  type Client,
  type Move,
  type MovedName,
  makeQuery,
  type Name,
  type PoolService,
  type Query,
  QueryType,
  type Reply,
} from 'ferrydns/plugin';
import type { Runner } from '../run/runner.ts';

/** Milliseconds between two rounds: at first, while nothing hurries, and while the names may be given back. */
const paces = { first: 500, calm: 10_000, handback: 1000 };
/** Rounds of the first kind. */
const firstRounds = 4;
// As clients ask: a connection that is kept may lead to one of several caches, always the same one.
const byUdp: Client = { address: '127.0.0.1', port: 0, family: 4, transport: 'udp', localAddress: '127.0.0.1', localPort: 0 };
const byTcp: Client = { ...byUdp, transport: 'tcp' };

export interface UpstreamOptions {
  readonly move: Move;
  readonly runner: Runner;
  readonly now: () => number;
  resolve(query: Query): Awaitable<Reply>;
  pool(name: Name): PoolService | undefined;
}

/** What the upstream says of all names together. */
export interface Sighting {
  readonly shows: 'from' | 'to' | 'mixed' | 'nothing';
  /** Seconds. */
  readonly ttl: number;
}

export class Upstream {
  /** What was seen last. */
  last: Sighting | undefined;
  private readonly options: UpstreamOptions;
  private readonly own = new WeakSet<Query>();
  private lastAt = Number.NEGATIVE_INFINITY;
  private rounds = 0;
  private busy = false;
  /** The longest TTL that the upstream has shown, seconds. */
  private longest = 0;
  /** The longest TTL that a cache of this server has made of it, seconds. */
  private handed = 0;
  private readonly seen = new Set<string>();

  constructor(options: UpstreamOptions) {
    this.options = options;
  }

  /** Whether this query is a question of this plan's own, which is to reach the plugins behind. */
  asks(query: Query): boolean {
    return this.own.has(query.origin);
  }

  tick(): void {
    const now = this.options.now();
    if (this.busy || now < this.lastAt + this.pace()) return;
    this.busy = true;
    void this.round().finally(() => {
      this.busy = false;
      this.rounds++;
      this.lastAt = this.options.now();
    });
  }

  private pace(): number {
    const { runner } = this.options;
    const phase = runner.agreed?.phase;
    if (runner.plan.handback && (phase === 'draining' || phase === 'done')) return paces.handback;
    return this.rounds < firstRounds ? paces.first : paces.calm;
  }

  private async round(): Promise<void> {
    const { runner, move } = this.options;
    const phase = runner.agreed?.phase;
    if (phase === undefined || phase === 'released') return;
    const all = (caching: Query['caching']) =>
      Promise.all(
        move.plan.names.map(async (moved) =>
          ofTypes(await Promise.all(this.typesOf(moved).map((type) => this.ask(moved, type, { caching, client: byUdp })))),
        ),
      );
    const sighting = together(await all('bypass'));
    // What clients were handed until now is what a cache of this server makes of it.
    if (phase === 'original') this.handed = Math.max(this.handed, together(await all('renew')).ttl);
    this.last = sighting;
    this.longest = Math.max(this.longest, sighting.ttl);
    this.seen.add(sighting.shows);
    if (phase === 'original') {
      const mixed = this.seen.has('mixed') || (this.seen.has('from') && this.seen.has('to'));
      runner.feed({ kind: 'preflight', ttl: this.handed > 0 ? this.handed : null, mixed, problem: null });
    }
    runner.feed({ kind: 'probe', ...sighting });
  }

  /** The families of addresses that either side has. A name is followed by whichever is asked for. */
  private typesOf({ from, to }: MovedName): readonly string[] {
    const addresses = [...this.valuesOf(from), ...this.valuesOf(to)].map((value) => isIP(value));
    const types = [...(addresses.includes(4) ? ['A'] : []), ...(addresses.includes(6) ? ['AAAA'] : [])];
    return types.length === 0 ? ['A'] : types;
  }

  private async ask(moved: MovedName, type: string, how: { readonly caching: Query['caching']; readonly client: Client }): Promise<Sighting> {
    const query = makeQuery({ name: moved.name, type, client: how.client, receivedAt: this.options.now() });
    query.caching = how.caching;
    this.own.add(query.origin);
    try {
      const reply = await this.options.resolve(query);
      if (reply.truncated && how.client === byUdp) return await this.ask(moved, type, { ...how, client: byTcp });
      return reply.declined || reply.rcodeNumber !== 0 ? nothing : this.judge(moved, reply);
    } catch {
      return nothing;
    }
  }

  private judge(moved: MovedName, reply: Reply): Sighting {
    if (reply.answerCount === 0) return empty;
    const values = reply.answers.flatMap(({ typeCode, data }) => (isTelling(typeCode) ? [String(data).toLowerCase()] : []));
    const ttl = reply.answers.reduce((longest, { ttl: each }) => Math.max(longest, each), 0);
    const [a, b] = [this.valuesOf(moved.from), this.valuesOf(moved.to)];
    const leadsToA = values.some((each) => a.has(each));
    const leadsToB = values.some((each) => b.has(each));
    if (leadsToA) return { shows: leadsToB ? 'mixed' : 'from', ttl };
    if (!leadsToB) return { shows: 'nothing', ttl };
    // A CNAME to B brings addresses that the plan does not name.
    const strangers = values.some((each) => !b.has(each)) && moved.to.every(({ kind }) => kind !== 'name');
    return { shows: strangers ? 'mixed' : 'to', ttl };
  }

  private valuesOf(targets: MovedName['from']): Set<string> {
    return new Set(
      targets.flatMap((target) => {
        if (target.kind === 'address') return [target.address.toLowerCase()];
        if (target.kind === 'name') return [target.name];
        return this.options.pool(target.pool)?.addresses() ?? [];
      }),
    );
  }
}

const nothing: Sighting = { shows: 'nothing', ttl: 0 };
/** There is nothing of this type. */
const empty: Sighting = { shows: 'nothing', ttl: 0 };

function isTelling(typeCode: number): boolean {
  return typeCode === QueryType.A || typeCode === QueryType.AAAA || typeCode === QueryType.CNAME;
}

/** What one name shows: a family that the upstream does not have leads nowhere, so it says nothing of the other one. */
function ofTypes(all: readonly Sighting[]): Sighting {
  const telling = all.filter((each) => each !== empty);
  return telling.length === 0 ? nothing : together(telling);
}

/** All names show B, or one of them does not. */
function together(all: readonly Sighting[]): Sighting {
  const shows = new Set(all.map((each) => each.shows));
  const [only] = shows;
  const ttl = all.reduce((longest, each) => Math.max(longest, each.ttl), 0);
  if (shows.size === 1 && only !== undefined) return { shows: only, ttl };
  if (shows.has('nothing') && !shows.has('mixed') && !shows.has('from')) return { shows: 'nothing', ttl };
  return { shows: 'mixed', ttl };
}
