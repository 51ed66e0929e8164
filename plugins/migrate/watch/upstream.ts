// Asks the plugins behind what they would answer for the moved names: before the move for the TTL, after it whether they still lead to A.
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { PoolService, ServiceAddresses, UpstreamService } from 'ferrydns/built-in';
import { type Move, type MovedName, migration } from 'ferrydns/built-in/moves';
import { type Awaitable, type Client, makeQuery, type Name, ownClient, type Query, type Reply } from 'ferrydns/plugin';
import type { SideAddresses } from '../answer/side-addresses.ts';
import type { Runner } from '../runner/runner.ts';
import { type AskedBehind, drawnOf, seenOf } from './asked-behind.ts';
import { failed, judge, nothing, ofTypes, type Sighting, together } from './sighting.ts';
import { type Asked, Sources } from './sources.ts';
import { ZoneServers } from './zone-servers.ts';

/** Milliseconds between two rounds: at first, while nothing hurries, and while the names may be given back: whole seconds of a TTL must be over in between. */
const paces = { first: 500, calm: 10_000, handback: 1100 };
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
  service(text: string): ServiceAddresses;
  /** Those of the server block that pass queries on. */
  readonly services: readonly UpstreamService[];
  readonly sideAddresses: SideAddresses;
  /** Where servers of zones listen; 53 unless given. */
  readonly zonePort?: number | undefined;
}

/** How a question is asked of the plugins behind. */
interface How {
  readonly caching: Query['caching'];
  readonly client: Client;
  /** Is shown the query before it is asked. */
  readonly aim?: (query: Query) => void;
}

export class Upstream implements AskedBehind {
  last: Sighting | undefined;
  readonly sources: Sources;
  private readonly options: UpstreamOptions;
  private readonly own = new WeakSet<Query>();
  readonly sides: ReturnType<typeof migration.sidesOf>;
  private lastAt = Number.NEGATIVE_INFINITY;
  private roundCount = 0;
  private stopped = false;
  private busy = false;
  /** The longest TTL that the upstream has shown, seconds. */
  private longest = 0;
  handed = 0;
  private readonly seen = new Set<string>();
  failures = 0;
  answered = false;
  /** Whether this round has left something without an answer. */
  private unheard = false;

  constructor(options: UpstreamOptions) {
    this.options = options;
    this.sides = migration.sidesOf(options.move.plan);
    const { now, resolve, services, zonePort } = options;
    this.sources = new Sources({
      services,
      now,
      zone: new ZoneServers({ now, resolve, ...(zonePort === undefined ? {} : { port: zonePort }) }),
      questionsOf: () => options.move.plan.names.flatMap((moved) => this.typesOf(moved).map((type) => ({ moved, type }))),
      ask: (moved, type, aim) => this.question(moved, type, { caching: 'bypass', client: byUdp, aim }),
      judge: (moved, reply) => this.judge(moved, reply),
    });
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

  /** Whether the plan that is asked for is in force: to another one the answers would say something else. */
  get current(): boolean {
    return this.options.runner.has(this.sides);
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
    // By hand a person waits for the last of the draws.
    const { drawn, cleanSince } = runner.state.upstream;
    if (phase === 'done' && cleanSince !== null && drawn.seen < drawn.wanted) return paces.handback;
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
    const leaves = phase === 'draining' || phase === 'done';
    if (!leaves) this.sources.restart();
    const sighting = leaves ? await this.sources.round() : together(await askAll('bypass'));
    // What clients were handed until now is what a cache of this server makes of it. One that could not be asked before the start may show it late.
    const before = phase === 'original' || phase === 'lowering';
    if (before && !this.unheard) this.handed = Math.max(this.handed, together(await askAll('renew')).ttl);
    if (this.unheard) this.failures++;
    else this.answered = true;
    this.last = sighting;
    this.longest = Math.max(this.longest, sighting.ttl);
    this.seen.add(sighting.shows);
    if (this.current) this.report(sighting, before);
  }

  /** Tells what all upstreams of the plan have shown. */
  private report(sighting: Sighting, before: boolean): void {
    const { runner } = this.options;
    const all = [...runner.upstreams].filter(({ current }) => current);
    if (before && all.every((each) => each.answered || each.failures >= hopeless)) {
      const handed = Math.max(...all.map((each) => each.handed));
      runner.feed({ kind: 'preflight', ttl: handed > 0 ? handed : null, mixed: all.some((each) => each.mixes) });
    }
    const { shows, ttl } = seenOf(runner.upstreams) ?? sighting;
    const missing = [...new Set(all.flatMap(({ sources }) => sources.missing))];
    runner.feed({ kind: 'probe', shows, ttl, drawn: drawnOf(runner.upstreams, runner.plan.handbackAnswers), missing });
  }

  get mixes(): boolean {
    return this.seen.has('mixed') || (this.seen.has('from') && this.seen.has('to'));
  }

  /** The families of addresses that either side has. A name is followed by whichever is asked for. */
  private typesOf({ from, to }: MovedName): readonly string[] {
    const addresses = [...this.valuesOf(from), ...this.valuesOf(to)].map((value) => isIP(value));
    const types = [...(addresses.includes(4) ? ['A'] : []), ...(addresses.includes(6) ? ['AAAA'] : [])];
    return types.length === 0 ? ['A'] : types;
  }

  private async ask(moved: MovedName, type: string, how: How): Promise<Sighting> {
    return (await this.question(moved, type, how)).sighting;
  }

  private async question(moved: MovedName, type: string, how: How): Promise<Asked> {
    const query = makeQuery({ name: moved.name, type, client: how.client, receivedAt: this.options.now(), caching: how.caching });
    this.own.add(query.origin);
    how.aim?.(query);
    try {
      const reply = await this.options.resolve(query);
      if (reply.truncated && how.client === byUdp) return await this.question(moved, type, { ...how, client: ownClient });
      if (reply.rcode === 'NXDOMAIN') return { sighting: nothing, reply };
      this.unheard ||= reply.rcode === 'SERVFAIL';
      return { sighting: reply.declined || reply.rcodeNumber !== 0 ? failed : this.judge(moved, reply), reply };
    } catch {
      this.unheard = true;
      return { sighting: failed, reply: undefined };
    }
  }

  private judge(moved: MovedName, reply: Reply): Sighting {
    return judge(moved, reply, (targets) => this.valuesOf(targets));
  }

  /** What stands for a side: its addresses, its name, and where name, pool or service lead now. */
  private valuesOf(targets: MovedName['from']): Set<string> {
    const behind = this.options.sideAddresses.addressesOf(targets);
    const own = targets.flatMap((target) => {
      if (target.kind === 'address') return [target.address.toLowerCase()];
      if (target.kind === 'name') return [target.name];
      if (target.kind === 'service') return this.options.service(target.service).addresses;
      return this.options.pool(target.pool)?.addresses() ?? [];
    });
    return new Set([...own, ...behind]);
  }
}
