// Asks the plugins behind what they would answer for the moved names: before the move for the TTL, after it whether they still lead to A.
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Awaitable,
  type Client,
  type Move,
  type MovedName,
  makeQuery,
  migration,
  type Name,
  ownClient,
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
/** Rounds without an answer after which a move no longer waits for one. */
const hopeless = 3;
// As clients ask: a connection that is kept may lead to one of several caches, always the same one.
const byUdp: Client = { ...ownClient, transport: 'udp' };

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
  /** Whether a name was not answered for: what is not shown now may be shown later. */
  readonly failed: boolean;
}

/** What all upstreams of a plan show together: the server blocks that hold it may have several. Undefined while one has not been asked. */
export function seenOf(upstreams: ReadonlySet<Upstream>): Sighting | undefined {
  const all = [...upstreams].map(({ last }) => last);
  return all.length > 0 && all.every((each) => each !== undefined) ? together(all) : undefined;
}

export class Upstream {
  /** What was seen last. */
  last: Sighting | undefined;
  private readonly options: UpstreamOptions;
  private readonly own = new WeakSet<Query>();
  private lastAt = Number.NEGATIVE_INFINITY;
  private roundCount = 0;
  private stopped = false;
  private busy = false;
  /** The longest TTL that the upstream has shown, seconds. */
  private longest = 0;
  /** The longest TTL that a cache of this server has made of it, seconds. */
  private handed = 0;
  private readonly seen = new Set<string>();
  /** Rounds in which something was left without an answer, this one too, and whether there was one with all answers. */
  private failures = 0;
  private unheard = false;
  private answered = false;

  constructor(options: UpstreamOptions) {
    this.options = options;
    options.runner.upstreams.add(this);
    this.tellWhetherThere();
  }

  stop(): void {
    this.stopped = true;
    this.options.runner.upstreams.delete(this);
    this.tellWhetherThere();
  }

  /** A move begins when it is known what clients were handed before. */
  private tellWhetherThere(): void {
    const { runner } = this.options;
    if (runner.damage === undefined) runner.feed({ kind: 'upstream', there: runner.upstreams.size > 0 });
  }

  /** Whether this query is a question of this plan's own, which is to reach the plugins behind. */
  asks(query: Query): boolean {
    return this.own.has(query.origin);
  }

  tick(): void {
    const now = this.options.now();
    if (this.busy || now < this.lastAt + this.pace()) return;
    this.busy = true;
    void this.rounds().finally(() => {
      this.busy = false;
      this.lastAt = this.options.now();
    });
  }

  private pace(): number {
    const { runner } = this.options;
    const phase = runner.agreed?.phase;
    if (runner.plan.handback && (phase === 'draining' || phase === 'done')) return paces.handback;
    // What it shows after lowering comes too late.
    const hurries = phase === 'lowering' && !this.answered;
    return hurries || this.roundCount < firstRounds ? paces.first : paces.calm;
  }

  /** One, and more where a start has to wait for an answer. */
  private async rounds(): Promise<void> {
    for (;;) {
      await this.round();
      this.roundCount++;
      if (this.stopped || !migration.awaitsUpstream(this.options.runner.state)) return;
      await delay(paces.first, undefined, { ref: false });
    }
  }

  private async round(): Promise<void> {
    const { runner, move } = this.options;
    const phase = runner.agreed?.phase;
    if (phase === undefined || phase === 'released') return;
    const askAll = (caching: Query['caching']) =>
      Promise.all(
        move.plan.names.map(async (moved) =>
          ofTypes(await Promise.all(this.typesOf(moved).map((type) => this.ask(moved, type, { caching, client: byUdp })))),
        ),
      );
    this.unheard = false;
    const sighting = together(await askAll('bypass'));
    // What clients were handed until now is what a cache of this server makes of it. One that could not be asked before the start may show it late.
    const before = phase === 'original' || phase === 'lowering';
    if (before && !this.unheard) this.handed = Math.max(this.handed, together(await askAll('renew')).ttl);
    if (this.unheard) this.failures++;
    else this.answered = true;
    this.last = sighting;
    this.longest = Math.max(this.longest, sighting.ttl);
    this.seen.add(sighting.shows);
    const all = [...runner.upstreams];
    if (before && all.every((each) => each.answered || each.failures >= hopeless)) {
      const handed = Math.max(...all.map((each) => each.handed));
      runner.feed({ kind: 'preflight', ttl: handed > 0 ? handed : null, mixed: all.some((each) => each.mixes) });
    }
    const { shows, ttl } = seenOf(runner.upstreams) ?? sighting;
    runner.feed({ kind: 'probe', shows, ttl });
  }

  private get mixes(): boolean {
    return this.seen.has('mixed') || (this.seen.has('from') && this.seen.has('to'));
  }

  /** The families of addresses that either side has. A name is followed by whichever is asked for. */
  private typesOf({ from, to }: MovedName): readonly string[] {
    const addresses = [...this.valuesOf(from), ...this.valuesOf(to)].map((value) => isIP(value));
    const types = [...(addresses.includes(4) ? ['A'] : []), ...(addresses.includes(6) ? ['AAAA'] : [])];
    return types.length === 0 ? ['A'] : types;
  }

  private async ask(moved: MovedName, type: string, how: { readonly caching: Query['caching']; readonly client: Client }): Promise<Sighting> {
    const query = makeQuery({ name: moved.name, type, client: how.client, receivedAt: this.options.now(), caching: how.caching });
    this.own.add(query.origin);
    try {
      const reply = await this.options.resolve(query);
      if (reply.truncated && how.client === byUdp) return await this.ask(moved, type, { ...how, client: ownClient });
      if (reply.rcode === 'NXDOMAIN') return nothing;
      this.unheard ||= reply.rcode === 'SERVFAIL';
      return reply.declined || reply.rcodeNumber !== 0 ? failed : this.judge(moved, reply);
    } catch {
      this.unheard = true;
      return failed;
    }
  }

  private judge(moved: MovedName, reply: Reply): Sighting {
    if (reply.answerCount === 0) return empty;
    const values = reply.answers.flatMap(({ typeCode, data }) => (isTelling(typeCode) ? [String(data).toLowerCase()] : []));
    const ttl = reply.answers.reduce((longest, { ttl: each }) => Math.max(longest, each), 0);
    const [a, b] = [this.valuesOf(moved.from), this.valuesOf(moved.to)];
    const leadsToA = values.some((each) => a.has(each));
    const leadsToB = values.some((each) => b.has(each));
    if (leadsToA) return { shows: leadsToB ? 'mixed' : 'from', ttl, failed: false };
    if (!leadsToB) return { shows: 'nothing', ttl, failed: false };
    // A CNAME to B brings addresses that the plan does not name.
    const strangers = values.some((each) => !b.has(each)) && moved.to.every(({ kind }) => kind !== 'name');
    return { shows: strangers ? 'mixed' : 'to', ttl, failed: false };
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

const nothing: Sighting = { shows: 'nothing', ttl: 0, failed: false };
const failed: Sighting = { ...nothing, failed: true };
/** There is nothing of this type. */
const empty: Sighting = { ...nothing };

function isTelling(typeCode: number): boolean {
  return typeCode === QueryType.A || typeCode === QueryType.AAAA || typeCode === QueryType.CNAME;
}

/** What one name shows: a family that the upstream does not have leads nowhere, so it says nothing of the other one. */
function ofTypes(all: readonly Sighting[]): Sighting {
  const telling = all.filter((each) => each !== empty);
  return telling.length === 0 ? nothing : together(telling);
}

function together(all: readonly Sighting[]): Sighting {
  const ttl = all.reduce((longest, each) => Math.max(longest, each.ttl), 0);
  return { shows: commonOf(new Set(all.map(({ shows }) => shows))), ttl, failed: all.some(({ failed: some }) => some) };
}

/** All names show B, or one of them does not. */
function commonOf(shows: ReadonlySet<Sighting['shows']>): Sighting['shows'] {
  const [only] = shows;
  if (shows.size === 1 && only !== undefined) return only;
  return shows.has('nothing') && !shows.has('mixed') && !shows.has('from') ? 'nothing' : 'mixed';
}
