// The replies for one moved name: made once for each side and TTL, and given until either changes.
import { type PoolService, type ServiceAddresses, shortened } from 'ferrydns/built-in';
import type { Move, MovedName } from 'ferrydns/built-in/moves';
import {
  type Awaitable,
  after,
  EdnsOption,
  ExtendedError,
  type Name,
  nameToWire,
  type Query,
  QueryType,
  Reply,
  type ResourceRecord,
  record,
} from 'ferrydns/plugin';

export type Side = 'from' | 'to' | 'both';

/** What the replies need of the server. */
export interface Surroundings {
  pool(name: Name): PoolService | undefined;
  /** Where a service of the plan is reached. */
  service(text: string): ServiceAddresses;
  resolve(query: Query, cause?: Query): Awaitable<Reply>;
}

type Target = MovedName['from'][number];

/** Types that may carry addresses as hints: they are answered empty, or they would lead past the plan (RFC 9460 section 7.3). */
export const hinting: ReadonlySet<number> = new Set([QueryType.SVCB, QueryType.HTTPS]);
const noData = Reply.empty('NOERROR');
/** The plan tells when A may be switched off by the TTLs of its answers. */
const lent = { leased: true } as const;
/** More changes of TTL than a countdown has. */
const mostKept = 512;

/** An answer, and the side that it names; undefined where it names neither. */
export interface Given {
  readonly reply: Awaitable<Reply>;
  readonly names: Side | undefined;
}

const empty: Given = { reply: noData, names: undefined };
/** In place of an answer where a service has no address: no name is answered empty because of a plan (P4). */
export const lacking: Given = { reply: Reply.decline('SERVFAIL', ExtendedError.NOT_READY), names: undefined };

/** A service among the targets, and what was found of it last. */
interface SeenService {
  readonly text: string;
  found: ServiceAddresses | undefined;
}

export class Replies {
  readonly name: Name;
  readonly wire: Uint8Array;
  private readonly moved: MovedName;
  private readonly surroundings: Surroundings;
  private readonly kept = new Map<string, { readonly given: readonly Given[]; turn: number }>();
  private readonly byPool = new WeakMap<Reply, Map<number, Reply>>();
  private readonly services: readonly SeenService[];
  /** The targets of both sides, with the addresses of services in their place. */
  private targets: Pick<MovedName, 'from' | 'to'>;

  constructor(moved: MovedName, surroundings: Surroundings) {
    this.moved = moved;
    this.surroundings = surroundings;
    this.name = moved.name;
    this.wire = nameToWire(moved.name);
    this.services = [...moved.from, ...moved.to].flatMap((target) => (target.kind === 'service' ? [{ text: target.service, found: undefined }] : []));
    this.targets = moved;
  }

  /** Why nobody serves on this side, where that is a service; undefined: somebody does. */
  trouble(side: Side): string | undefined {
    const texts = side === 'both' ? [...this.moved.from, ...this.moved.to] : this.moved[side];
    return this.services.find(
      ({ text, found }) => found?.trouble !== undefined && texts.some((each) => each.kind === 'service' && each.service === text),
    )?.found?.trouble;
  }

  /** The reply that leads to this side; undefined for types that the plan does not answer. `random` is uniform in [0, 1). */
  give(query: Query, { side, ttl, random }: { readonly side: Side; readonly ttl: number; readonly random: number }): Given | undefined {
    this.lookAtServices();
    const { from, to } = this.moved;
    const either = side === 'both' ? (random < 0.5 ? 'from' : 'to') : side;
    const [first] = this.moved[either];
    const [other] = either === 'from' ? to : from;
    const mixes = side === 'both' && first?.kind !== 'name' && other?.kind !== 'name';
    if (first?.kind === 'name') return this.alias(query, { side: either, target: first.name, ttl });
    const code = query.typeCode;
    if (code === QueryType.A || code === QueryType.AAAA || code === QueryType.ANY) {
      return this.addresses(query, { side: mixes ? 'both' : either, code: code === QueryType.ANY ? this.anyType(either) : code, ttl });
    }
    if (first?.kind === 'pool') return this.ofPool(query, { side: either, pool: first.pool, ttl });
    return hinting.has(code) ? empty : undefined;
  }

  private addresses(query: Query, { side, code, ttl }: { readonly side: Side; readonly code: number; readonly ttl: number }): Given {
    const targets = side === 'both' ? [...this.targets.from, ...this.targets.to] : this.targets[side];
    if (targets.length === 0) return lacking;
    if (targets.some(({ kind }) => kind === 'pool')) return this.mix(query, { side, code, ttl });
    const key = `${side} ${code} ${ttl}`;
    let kept = this.kept.get(key);
    if (kept === undefined) {
      if (this.kept.size >= mostKept) this.kept.clear();
      kept = { given: rotations(this.records(targets, code, ttl), side), turn: 0 };
      this.kept.set(key, kept);
    }
    kept.turn = kept.turn + 1 < kept.given.length ? kept.turn + 1 : 0;
    return kept.given[kept.turn] ?? empty;
  }

  /** Services may have moved since the last query: what was made of the addresses before is dropped. */
  private lookAtServices(): void {
    let isOther = false;
    for (const seen of this.services) {
      const found = this.surroundings.service(seen.text);
      isOther ||= found !== seen.found;
      seen.found = found;
    }
    if (!isOther) return;
    this.kept.clear();
    const placed = (targets: readonly Target[]) =>
      targets.flatMap((target) => (target.kind === 'service' ? this.addressesOf(target.service) : [target]));
    this.targets = { from: placed(this.moved.from), to: placed(this.moved.to) };
  }

  private addressesOf(service: string): readonly Target[] {
    const addresses = this.services.find(({ text }) => text === service)?.found?.addresses ?? [];
    return addresses.map((address) => ({ kind: 'address', address }));
  }

  /** One record set is enough of an answer to ANY (RFC 8482 section 4.1). */
  private anyType(side: 'from' | 'to'): number {
    return this.targets[side].some((target) => target.kind !== 'address' || !target.address.includes(':')) ? QueryType.A : QueryType.AAAA;
  }

  private records(targets: readonly Target[], code: number, ttl: number): ResourceRecord[] {
    const { name } = this.moved;
    const type = code === QueryType.A ? 'A' : 'AAAA';
    return targets.flatMap((target) => {
      if (target.kind !== 'address' || target.address.includes(':') !== (type === 'AAAA')) return [];
      return [record({ name, type, ttl, data: target.address })];
    });
  }

  /** With a pool in it, what is answered changes with the pool. */
  private mix(query: Query, { side, code, ttl }: { readonly side: Side; readonly code: number; readonly ttl: number }): Given {
    const sides = side === 'both' ? (['from', 'to'] as const) : [side];
    const [only] = sides;
    const [target] = this.moved[only ?? 'from'];
    if (sides.length === 1 && target?.kind === 'pool') return this.ofPool(query, { side, pool: target.pool, ttl }) ?? empty;
    const records = sides.flatMap((each) => {
      const [first] = this.targets[each];
      if (first?.kind !== 'pool') return this.records(this.targets[each], code, ttl);
      return this.renamed(this.surroundings.pool(first.pool)?.answer(query), ttl)?.answers ?? [];
    });
    return records.length === 0 ? empty : { reply: Reply.answer(records, lent), names: side };
  }

  private ofPool(query: Query, { side, pool, ttl }: { readonly side: Side; readonly pool: Name; readonly ttl: number }): Given | undefined {
    const reply = this.renamed(this.surroundings.pool(pool)?.answer(query), ttl);
    if (reply === undefined) return hinting.has(query.typeCode) ? empty : undefined;
    return { reply, names: reply.answerCount > 0 ? side : undefined };
  }

  private renamed(reply: Reply | undefined, ttl: number): Reply | undefined {
    if (reply === undefined || reply.answerCount === 0) return reply;
    const byTtl = this.byPool.get(reply) ?? new Map<number, Reply>();
    const known = byTtl.get(ttl);
    if (known !== undefined) return known;
    const { name } = this.moved;
    const made = reply.with({ answers: reply.answers.map((each) => each.with({ name, ttl })), ...lent });
    this.byPool.set(reply, byTtl.set(ttl, made));
    return made;
  }

  /** A name is answered as a CNAME, with what it leads to: who asks may not be able to ask on. No record lives longer than the plan says. */
  private alias(query: Query, { side, target, ttl }: { readonly side: Side; readonly target: Name; readonly ttl: number }): Given {
    const cname = record({ name: this.moved.name, type: 'CNAME', ttl, data: target });
    if (query.typeCode === QueryType.CNAME || query.typeCode === QueryType.ANY) return { reply: Reply.answer([cname], lent), names: side };
    const chased = after(this.surroundings.resolve(query.with({ name: target }), query), (found) => {
      const answers = found.declined ? [] : shortened(found.answers, ttl);
      const options = found.options.filter(({ code }) => code === EdnsOption.CLIENT_SUBNET);
      return Reply.answer([cname, ...answers], { rcode: found.rcode, authoritative: false, recursionAvailable: true, options, ...lent });
    });
    return { reply: chased, names: side };
  }
}

/** The same records with each of them in front in turn, so that none is favoured. */
function rotations(records: readonly ResourceRecord[], side: Side): readonly Given[] {
  if (records.length === 0) return [empty];
  const count = side === 'both' ? records.length : 1;
  return Array.from({ length: count }, (_, i) => ({ reply: Reply.answer([...records.slice(i), ...records.slice(0, i)], lent), names: side }));
}

/** All names of a move by the hash of their wire form, as queries carry it. */
export function indexed(move: Move, surroundings: Surroundings, hashOf: (name: Name) => number): Map<number, readonly Replies[]> {
  const index = new Map<number, Replies[]>();
  for (const moved of move.plan.names) {
    const hash = hashOf(moved.name);
    index.set(hash, [...(index.get(hash) ?? []), new Replies(moved, surroundings)]);
  }
  return index;
}
