// What stands between the server and its clients, one behind the other: resolvers, runtimes, pools of connections.
import type { Plan } from '../plan.ts';
import { A, Calendar, fine, NEVER } from './population.ts';

/**
 * How long an answer is kept. `resolver`: its TTL, at most `seconds`; `clamp`: its TTL, at least `seconds`; `jvm`: `seconds` whatever the TTL,
 * and a failure for `negative`; `longer`: its TTL and `seconds` more; `forever`: always; `pool`: what a connection was opened to, for `seconds`.
 */
export interface Cache {
  readonly kind: 'resolver' | 'clamp' | 'longer' | 'jvm' | 'forever' | 'pool';
  readonly seconds: number;
  readonly negative?: number;
  /** So many caches with a group of clients each; 0: every client has its own. */
  readonly shared: number;
}

/** A cache with what its cells hold. The cell of a client is its number modulo the number of cells. */
export interface Layer {
  readonly cache: Cache;
  readonly sides: Uint8Array;
  /** Ticks. */
  readonly until: Int32Array;
  /** Stands in the way of those clients alone that stretch TTLs. */
  readonly violators: boolean;
  /** When a client's own cache is asked anew by others than this client, as soon as its answer is over; null: by its clients alone. */
  readonly calendar: Calendar | null;
}

/** The lowest cache of a client has no cells: what it keeps is what the client uses, and when it is over the client asks. */
export interface Chain {
  readonly layers: readonly Layer[];
  readonly last: Cache;
}

const honest: Cache = { kind: 'resolver', seconds: Number.POSITIVE_INFINITY, shared: 0 };
const order: readonly Cache['kind'][] = ['resolver', 'clamp', 'longer', 'jvm', 'forever', 'pool'];

/** Seconds for which a JVM keeps a failure unless told otherwise. */
export const jvmNegative = 10;

/** The caches a plan names. Of a word that is not known it is known how much longer an answer is kept. */
export function cachesOf({ caches }: Plan): readonly Cache[] {
  return caches.map(({ kind, seconds }) => {
    if (kind === 'jvm') return { kind, seconds, negative: jvmNegative, shared: 0 };
    return { kind: kind === 'clamp' || kind === 'pool' ? kind : 'longer', seconds, shared: 0 };
  });
}

interface ChainOptions {
  readonly clients: number;
  /** Seconds to which the resolvers of violators stretch a TTL; null: there are none. */
  readonly stretch: number | null;
  /** How long the caches of clients are asked by others as well, in ticks; 0: they are not. */
  readonly busy: number;
}

/** Shared caches stand next to the server, then resolvers, runtimes and connections; a violator's own resolver is the first that is not shared. */
export function chainOf(caches: readonly Cache[], { clients, stretch, busy }: ChainOptions): Chain {
  const rank = ({ kind, shared }: Cache) => (shared > 0 ? -1 : order.indexOf(kind));
  const sorted = [...caches].sort((a, b) => rank(a) - rank(b));
  const own = sorted.filter(({ shared }) => shared === 0);
  const last = own.pop() ?? honest;
  const violator: readonly Cache[] = stretch === null ? [] : [{ kind: 'clamp', seconds: stretch, shared: 0 }];
  const layer = (cache: Cache, violators = false): Layer => {
    const cells = cache.shared > 0 ? cache.shared : clients;
    const calendar = cache.shared === 0 && busy > 0 ? new Calendar(cells, busy) : null;
    return { cache, sides: new Uint8Array(cells).fill(A), until: new Int32Array(cells), violators, calendar };
  };
  return {
    layers: [
      ...sorted.filter(({ shared }) => shared > 0).map((cache) => layer(cache)),
      ...violator.map((cache) => layer(cache, true)),
      ...own.map((cache) => layer(cache)),
    ],
    last,
  };
}

/** How long an answer is kept that comes with this TTL; both in ticks. */
export function kept({ kind, seconds }: Cache, ttl: number): number {
  switch (kind) {
    case 'resolver':
      return Math.min(ttl, seconds * fine);
    case 'clamp':
      return Math.max(ttl, seconds * fine);
    case 'longer':
      return Math.min(NEVER, ttl + seconds * fine);
    case 'jvm':
    case 'pool':
      return seconds * fine;
    case 'forever':
      return NEVER;
  }
}

/** Every cache is somewhere in the life of an answer with A that came with this TTL. Returns how long the lowest ones keep such an answer. */
export function fill({ layers, last }: Chain, ttl: number, random: () => number): { readonly honest: number; readonly violators: number } {
  let honest = ttl;
  let stretched = ttl;
  for (const { cache, until, violators } of layers) {
    stretched = kept(cache, stretched);
    if (!violators) honest = kept(cache, honest);
    for (let cell = 0; cell < until.length; cell++) until[cell] = stretched === NEVER ? NEVER : Math.floor(random() * stretched);
  }
  return { honest: kept(last, honest), violators: kept(last, stretched) };
}
