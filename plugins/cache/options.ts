// The cache's grammar, and what its words come to.
import {
  type ConfigSpec,
  choice,
  duration,
  flag,
  integer,
  many,
  type Name,
  type OptionsOf,
  optional,
  property,
  repeated,
  type SetupContext,
  setting,
  value,
  zoneList,
} from 'ferrydns/plugin';

const percentage = value('PERCENTAGE', readPercentage, { schema: { type: ['string'], pattern: '^0*([1-8]\\d|90)%$' } });

const ttl = { ...integer(), schema: integer({ min: 1 }).schema };
const limits = { capacity: integer(), ttl: optional(integer({ min: 1 })), minTtl: optional(integer({ min: 0 })) };

export const spec = {
  args: { ttl: optional(ttl), zones: zoneList() },
  block: {
    success: property(limits, 'entries with answers at most, and the highest and lowest TTL in seconds'),
    denial: property(limits, 'entries that say that there is no such name or data at most, and the highest and lowest TTL in seconds'),
    prefetch: property(
      { amount: integer({ min: 0 }), window: optional(duration(), 60_000), percentage: optional(percentage, 10) },
      'asks again, before it expires, for what was asked for AMOUNT times with no gap of WINDOW, when PERCENTAGE of its TTL is left',
    ),
    serve_stale: property(
      { duration: optional(duration({ min: '0s' }), 3_600_000), mode: optional(choice('immediate', 'verify')), more: many(duration({ min: '0s' })) },
      'gives what has expired for so long, at once or when asking for it again fails',
    ),
    serve_stale_policy: setting(choice('prefer_positive'), 'a denial does not hide an answer that could still be given stale'),
    servfail: setting(duration({ min: '0s', max: '5m' }), 'keeps failures so long', 5000),
    disable: repeated({ kind: choice('success', 'denial'), zones: zoneList() }, 'does not cache answers, or denials, for these zones'),
    keepttl: flag('gives the TTL that was stored instead of what is left of it'),
  },
} satisfies ConfigSpec;

function readPercentage(word: string): number {
  if (!/^\d+%$/.test(word)) throw new Error(`percentage '${word}', expected a number followed by %`);
  const number = Number(word.slice(0, -1));
  if (number < 10 || number > 90) throw new Error(`percentage should fall in range [10, 90]: ${number}`);
  return number;
}

/** How expired entries are served. */
interface StaleRules {
  /** Seconds past its end that an entry may be used; 0 never. */
  readonly upTo: number;
  readonly verify: boolean;
  /** Milliseconds to wait for a verification; 0 as long as it takes. */
  readonly verifyTimeout: number;
  /** Seconds, the TTL of stale records. */
  readonly ttl: number;
  /** Milliseconds between a failed refresh and the next. */
  readonly recheck: number;
  readonly preferPositive: boolean;
}

/** Bounds of one of the two caches: entries, and seconds. */
export interface Bounds {
  readonly capacity: number;
  /** Octets that they may take. */
  readonly octets: number;
  readonly maxTtl: number;
  readonly minTtl: number;
  /** Whether the configuration states the lowest TTL: then even a TTL of 0 is raised to it. */
  readonly minStated: boolean;
  /** Zones that are not cached. */
  readonly except: readonly Name[];
}

/** Everything that the cache goes by. */
export interface Rules {
  readonly zones: readonly Name[];
  readonly success: Bounds;
  readonly denial: Bounds;
  /** Milliseconds. */
  readonly failureTtl: number;
  readonly prefetch: { readonly amount: number; readonly window: number; readonly percentage: number };
  readonly stale: StaleRules;
  readonly keepTtl: boolean;
}

const defaultCapacity = 10_000;
/** CoreDNS keeps 256 shards of at least four entries. */
const minEntries = 1024;
/** Octets that an entry may take on average before a table is bounded by size rather than by number. */
const octetsPerEntry = 2048;
/** What a table is bounded by in any case: the columns of so many take 500 MB, and what stands in segments is addressed by 31 bits. */
const mostEntries = 2 ** 23;
const mostOctets = 2 ** 30;
/** The part of the memory that the process may take which is for one table, and octets that a table has in any case. */
const tableShare = 16;
const leastOctets = 2 ** 20;
const minTtl = 5;
/** CoreDNS's highest TTLs: an hour for answers, half of it for denials. */
const maxTtls = { success: 3600, denial: 1800 } as const;

type Options = OptionsOf<typeof spec>;

/** What the words of the directive come to; refuses those that contradict each other. */
export function readRules(options: Options, context: SetupContext): Rules {
  const { ttl } = options;
  if (ttl !== undefined && ttl <= 0) context.fail(`cache TTL can not be zero or negative: ${ttl}`, 'ttl');
  if (options.serve_stale_policy !== undefined && options.serve_stale === undefined) {
    context.fail('serve_stale_policy requires serve_stale', 'serve_stale_policy');
  }
  return {
    zones: options.zones.length > 0 ? options.zones : context.zones,
    success: bounds('success', options, context),
    denial: bounds('denial', options, context),
    failureTtl: options.servfail,
    prefetch: options.prefetch ?? { amount: 0, window: 60_000, percentage: 10 },
    stale: staleRules(options, context),
    keepTtl: options.keepttl,
  };
}

function bounds(kind: 'success' | 'denial', options: Options, { warn, memoryLimit }: SetupContext): Bounds {
  const stated = options[kind];
  if (stated !== undefined && stated.capacity > mostEntries) {
    warn(`${stated.capacity} entries are more than a process can hold: it keeps ${mostEntries} at most`, kind);
  }
  const capacity = Math.min(Math.max(stated?.capacity ?? defaultCapacity, minEntries), mostEntries);
  const except = options.disable.filter((disabled) => disabled.kind === kind).at(-1);
  return {
    capacity,
    octets: Math.min(capacity * octetsPerEntry, mostOctets, Math.max(leastOctets, Math.trunc(memoryLimit / tableShare))),
    maxTtl: stated?.ttl ?? options.ttl ?? maxTtls[kind],
    minTtl: stated?.minTtl ?? minTtl,
    minStated: stated?.minTtl !== undefined,
    except: except === undefined ? [] : except.zones.length > 0 ? except.zones : ['.' as Name],
  };
}

function staleRules({ serve_stale: stale, serve_stale_policy: policy }: Options, context: SetupContext): StaleRules {
  const never = { upTo: 0, verify: false, verifyTimeout: 0, ttl: 0, recheck: 0, preferPositive: false };
  if (stale === undefined) return never;
  const verify = stale.mode === 'verify';
  const [verifyTimeout = 0, ttl = 0, recheck = 0, extra] = verify ? stale.more : [0, ...stale.more];
  if (extra !== undefined || (stale.mode === undefined && stale.more.length > 0)) {
    context.fail(`Wrong argument count or unexpected line ending after 'serve_stale'`, 'serve_stale');
  }
  if (ttl % 1000 !== 0) context.fail('serve_stale response TTL must be a whole number of seconds', 'serve_stale');
  if (ttl / 1000 > 0xffffffff) context.fail('serve_stale response TTL exceeds the DNS TTL range', 'serve_stale');
  if (recheck > 300_000) context.fail('serve_stale failure recheck cannot exceed 5 minutes', 'serve_stale');
  return { upTo: Math.trunc(stale.duration / 1000), verify, verifyTimeout, ttl: ttl / 1000, recheck, preferPositive: policy !== undefined };
}
