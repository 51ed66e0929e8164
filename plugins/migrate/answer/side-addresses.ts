// The addresses behind both sides of a move: those of the plan, and those that its names, pools and services lead to, followed as they change.
import { FollowedName } from 'ferrydns/built-in/checks';
import type { Move, MovedName } from 'ferrydns/built-in/moves';
import { type Name, record } from 'ferrydns/plugin';
import { longestWait, unguarded } from '../watch/look-ups.ts';
import type { ActivePlan } from './active-plan.ts';
import type { Surroundings } from './replies.ts';

/** Milliseconds between two questions for a name that cannot be resolved, and at least for any. */
const interval = 5000;

/** Seconds that are taken for a TTL that is learnt from the upstream: a day, which few go beyond. */
const learnt = 86_400;

/** What is known at one time. */
export interface KnownAddresses {
  /** The addresses of A that are not B's as well, as they stand in records, in hex. */
  readonly old: ReadonlySet<string>;
  /** The addresses of B for an address of A, both of one family. */
  replacementsFor(address: string): readonly string[];
}

export interface SideAddressesOptions {
  readonly move: Move;
  readonly surroundings: Surroundings;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly active: ActivePlan;
}

type Target = MovedName['from'][number];

/** The addresses behind one target, and until when each counts. */
type Known = Map<string, number>;

export class SideAddresses {
  private readonly options: SideAddressesOptions;
  private readonly followed: readonly FollowedName[];
  private readonly names = new Map<Name, Known>();
  private readonly pools = new Map<Name, Known>();
  private readonly services = new Map<string, Known>();
  private shown = '';
  private current: KnownAddresses;

  constructor(options: SideAddressesOptions) {
    const { move, now, surroundings } = options;
    this.options = options;
    const targets = move.plan.names.flatMap(({ from, to }) => [...from, ...to]);
    for (const target of targets) {
      if (target.kind === 'name') this.names.set(target.name, new Map());
      if (target.kind === 'pool') this.pools.set(target.pool, new Map());
      if (target.kind === 'service') this.services.set(target.service, new Map());
    }
    this.followed = [...this.names].map(
      ([name, known]) =>
        new FollowedName(name, {
          shortest: interval,
          longest: longestWait,
          now,
          resolve: unguarded((query) => surroundings.resolve(query)),
          // What it led to before counts on while it cannot be resolved.
          heard: (addresses) => (addresses === undefined ? undefined : this.see(known, [...addresses.A, ...addresses.AAAA])),
        }),
    );
    this.current = this.behind();
  }

  /** What is known now; another object when it has changed. */
  get known(): KnownAddresses {
    return this.current;
  }

  /** Every address of a side that counts, of one moved name. */
  addressesOf(targets: readonly Target[]): readonly string[] {
    return targets.flatMap((target) => this.addresses(target));
  }

  /** Time has passed. Before the move nothing passes by that has to be met. */
  tick(): void {
    const { active, surroundings } = this.options;
    if (this.names.size + this.pools.size + this.services.size === 0 || active.phase === 'original' || active.phase === 'released') return;
    for (const followed of this.followed) followed.tick();
    for (const [name, known] of this.pools) this.see(known, surroundings.pool(name)?.located() ?? []);
    for (const [text, known] of this.services) this.see(known, surroundings.service(text).addresses);
    this.review();
  }

  stop(): void {
    for (const followed of this.followed) followed.release();
  }

  /** These are where it leads now. What it led to until now may have been given to clients a moment ago: it counts for as long as they may keep it. */
  private see(known: Known, addresses: readonly string[]): void {
    const now = this.options.now();
    const kept = now + this.longestLease();
    for (const [address, until] of known) {
      if (addresses.includes(address)) continue;
      if (until === Number.POSITIVE_INFINITY) known.set(address, kept);
      else if (until <= now) known.delete(address);
    }
    for (const address of addresses) known.set(address, Number.POSITIVE_INFINITY);
    this.review();
  }

  private longestLease(): number {
    const { plan, timing } = this.options.active.state;
    return Math.max(plan.ttl ?? learnt, plan.transitionTtl) * 1000 + timing.slack + timing.caches;
  }

  private review(): void {
    const { names } = this.options.move.plan;
    const shown = JSON.stringify(names.map(({ from, to }) => [this.addressesOf(from), this.serving(to)]));
    if (shown === this.shown) return;
    this.shown = shown;
    this.current = this.behind();
  }

  private behind(): KnownAddresses {
    const { names } = this.options.move.plan;
    const fresh = new Set(names.flatMap(({ to }) => this.addressesOf(to).map(inRecord)));
    const moved = names.map(({ from, to }) => ({ from: new Set(this.addressesOf(from).map(inRecord)), to: this.serving(to) }));
    const old = new Set(moved.flatMap(({ from }) => [...from]).filter((address) => !fresh.has(address)));
    return {
      old,
      replacementsFor: (address) => {
        const hex = inRecord(address);
        const found = moved.find(({ from }) => from.has(hex))?.to ?? [];
        return found.filter((each) => each.includes(':') === address.includes(':'));
      },
    };
  }

  /** Those that answers may name now: of a pool not all are well. */
  private serving(targets: readonly Target[]): readonly string[] {
    return targets.flatMap((target) =>
      target.kind === 'pool' ? (this.options.surroundings.pool(target.pool)?.addresses() ?? []) : this.addresses(target, Number.POSITIVE_INFINITY),
    );
  }

  private addresses(target: Target, until = 0): readonly string[] {
    if (target.kind === 'address') return [target.address];
    return [...(this.knownOf(target) ?? [])].flatMap(([address, end]) => (end >= until ? [address] : []));
  }

  private knownOf(target: Exclude<Target, { readonly kind: 'address' }>): Known | undefined {
    if (target.kind === 'name') return this.names.get(target.name);
    return target.kind === 'pool' ? this.pools.get(target.pool) : this.services.get(target.service);
  }
}

/** An address as it stands in records, in hex. */
function inRecord(address: string): string {
  const { rdata } = record({ name: '.', type: address.includes(':') ? 'AAAA' : 'A', data: address });
  return Buffer.from(rdata).toString('hex');
}
