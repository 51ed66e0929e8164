// What is asked: the names of each workload, in the same order for every server, and what a right answer to them is.

/** What a server must have to answer a workload; its configuration depends on nothing else. */
export type WorkloadKind = 'cached' | 'misses' | 'hosts' | 'chain' | 'nxdomain' | 'template';

/** How the queries travel: in the clear, or as DNS over TLS (RFC 7858) or over HTTPS (RFC 8484), in dnsperf's words. */
export type Transport = 'udp' | 'tcp' | 'dot' | 'doh';

/** One kind of load. Lines have dnsperf's form, "name type". */
export interface Workload {
  readonly name: string;
  readonly kind: WorkloadKind;
  readonly transport: Transport;
  readonly title: string;
  /** What stands below its bars in a plot. */
  readonly label: string;
  /** Lines of the hosts file that the server gets. */
  readonly hostsEntries: number;
  /** Whether latencies at a fixed rate are measured too. */
  readonly paced: boolean;
  /** The only response code that counts as an answer. */
  readonly rcode: 'NOERROR' | 'NXDOMAIN';
  /** How often the upstream may be asked for each query: least and most. */
  readonly upstream: readonly [number, number];
  /** Asked once each before a run, so that they are in the cache. */
  readonly warm: readonly string[];
  /** The queries of run number `run`; dnsperf starts over when they are used up. */
  queries(run: number): readonly string[];
  /** A name that is answered as soon as the server serves. */
  readonly probe: string;
}

/** Share of the queries that go to the tenth of the names that is asked most. */
const SHARE_OF_TOP_TENTH = 0.9;
const QUERIES_PER_RUN = 100_000;
/** Many times what a cache holds, so that a name met again has long been dropped. */
const MISSES_PER_RUN = 200_000;
const CACHED_NAMES = 10_000;
const HOSTS_ENTRIES = 10_000;
const CHAIN_NAMES = 1000;
const CHAIN_HOSTS = 20;

/** The name in the chain workload that `rewrite` turns into {@link REWRITE_TARGET}. */
export const REWRITTEN_NAME = 'shop.example.org.';
export const REWRITE_TARGET = 'pool0.chain.bench.';

/** How many names a cache has to hold for the workloads that are answered from it. */
export const CACHE_CAPACITY = 4 * CACHED_NAMES;

const cachedNames = numbered(CACHED_NAMES, (index) => `n${index}.cached.bench. A`);
/** As a search path of five dots leaves them. */
const deniedNames = numbered(CACHED_NAMES, (index) => `api${index}.example.com.svc.cluster.nx. A`);
const chainCached = numbered(CHAIN_NAMES, chainName).flatMap((name) => [`${name} A`, `${name} AAAA`]);
const chainLocal = [...numbered(CHAIN_HOSTS, (index) => `${hostName(index)} A`), `${REWRITTEN_NAME} A`];

const plain = { transport: 'udp', hostsEntries: HOSTS_ENTRIES, paced: true, warm: [] } as const;

const cached: Workload = {
  ...plain,
  name: 'cached',
  kind: 'cached',
  title: 'cached answers: 10,000 names, 90/10 Zipf',
  label: 'cached',
  rcode: 'NOERROR',
  upstream: [0, 0.01],
  warm: cachedNames,
  queries: (run) => drawZipf(cachedNames, run),
  probe: 'n0.cached.bench.',
};

const misses: Workload = {
  ...plain,
  name: 'misses',
  kind: 'misses',
  title: 'misses through forward: every name new',
  label: 'misses',
  rcode: 'NOERROR',
  upstream: [0.99, 1.1],
  queries: (run) => numbered(MISSES_PER_RUN, (index) => `m${run}-${index}.missed.bench. A`),
  probe: 'probe.missed.bench.',
};

export const chain: Workload = {
  ...plain,
  name: 'chain',
  kind: 'chain',
  title: 'kubeadm-like chain: 90 % cached A and AAAA, 10 % hosts and rewrite',
  label: 'kubeadm chain',
  rcode: 'NOERROR',
  upstream: [0, 0.02],
  warm: [...chainCached, ...chainLocal],
  queries: drawChain,
  probe: chainName(1),
};

const nxdomain: Workload = {
  ...plain,
  name: 'nxdomain',
  kind: 'nxdomain',
  title: 'NXDOMAIN from cache: 10,000 names, 90/10 Zipf',
  label: 'NXDOMAIN',
  rcode: 'NXDOMAIN',
  upstream: [0, 0.01],
  warm: deniedNames,
  queries: (run) => drawZipf(deniedNames, run),
  probe: 'api0.example.com.svc.cluster.nx.',
};

/** Names that have their addresses in them, none of which is kept. */
const templateNames = numbered(HOSTS_ENTRIES, (index) => `ip-10-0-${index >> 8}-${index & 255}.template.bench. A`);
const template: Workload = {
  ...plain,
  name: 'template',
  kind: 'template',
  title: 'answers of a template: an address out of each of 10,000 names, 90/10 Zipf',
  label: 'template',
  paced: false,
  rcode: 'NOERROR',
  upstream: [0, 0],
  queries: (run) => drawZipf(templateNames, run),
  probe: 'ip-10-0-0-1.template.bench.',
};

const tcp: Workload = { ...cached, name: 'tcp', transport: 'tcp', title: 'cached answers over TCP: 100 connections', label: 'TCP' };
const dot: Workload = { ...cached, name: 'dot', transport: 'dot', title: 'cached answers over TLS: 100 connections', label: 'DoT' };
/** Fewer names: some servers take long to get warm by requests. */
const dohNames = cachedNames.slice(0, 1000);
const doh: Workload = {
  ...cached,
  name: 'doh',
  transport: 'doh',
  title: 'cached answers over HTTPS (HTTP/2, GET): 1,000 names, 10 connections',
  label: 'DoH',
  warm: dohNames,
  queries: (run) => drawZipf(dohNames, run),
};

/** Entries of the hosts files whose look-ups are compared. */
const HOSTS_SIZES = [1000, 10_000, 100_000, 1_000_000];
const hosts = hostsWorkload(HOSTS_ENTRIES, 'hosts');

/** What `npm run bench` drives. */
export const workloads: readonly Workload[] = [cached, misses, hosts, chain, nxdomain, template];

/** What `npm run bench:peers` drives. */
export const peerWorkloads: readonly Workload[] = [
  cached,
  chain,
  misses,
  nxdomain,
  tcp,
  dot,
  doh,
  ...HOSTS_SIZES.map((entries) => hostsWorkload(entries, `hosts-${entries}`, entries === 100_000)),
];

function hostsWorkload(entries: number, name: string, paced = true): Workload {
  const asked = hostsAsked(entries);
  return {
    ...plain,
    name,
    kind: 'hosts',
    title: `hosts file: ${entries.toLocaleString('en')} entries, 90/10 Zipf`,
    label: `hosts ${entries.toLocaleString('en')}`,
    hostsEntries: entries,
    paced,
    rcode: 'NOERROR',
    upstream: [0, 0],
    queries: (run) => drawZipf(asked, run),
    probe: hostName(0),
  };
}

/** At most 10,000 names, spread over the whole file, so that only the size of the table differs between two of them. */
function hostsAsked(entries: number): readonly string[] {
  const count = Math.min(entries, HOSTS_ENTRIES);
  return numbered(count, (index) => `${hostName(Math.floor((index * entries) / count))} A`);
}

/** A hosts file: one address and one name a line. */
export function hostsFile(entries: number): string {
  const lines = hostsEntries(entries).map(({ address, name }) => `${address} ${name}`);
  return `${lines.join('\n')}\n`;
}

/** Whether the load goes to another port than queries in the clear. */
export function isEncrypted({ transport }: Workload): boolean {
  return transport === 'dot' || transport === 'doh';
}

/** The entries of {@link hostsFile}, for servers that read them in another form. */
export function hostsEntries(count: number): readonly { readonly address: string; readonly name: string }[] {
  return numbered(count, (index) => ({
    address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    name: hostName(index),
  }));
}

/**
 * The exponent of a Zipf distribution over `count` ranks in which the first tenth of them gets `share` of the draws.
 * Precise to about six digits.
 */
export function zipfExponent(count: number, share: number): number {
  let low = 0;
  let high = 5;
  for (let step = 0; step < 24; step += 1) {
    const middle = (low + high) / 2;
    const weights = cumulativeWeights(count, middle);
    const top = weights[Math.floor(count / 10) - 1] ?? 0;
    if (top < share) low = middle;
    else high = middle;
  }
  return high;
}

/** Draws from `lines`, the first the most often; the same `run` draws the same. */
export function drawZipf(lines: readonly string[], run: number, count = QUERIES_PER_RUN): readonly string[] {
  const weights = cumulativeWeights(lines.length, zipfExponent(lines.length, SHARE_OF_TOP_TENTH));
  const random = randomNumbers(run);
  return numbered(count, () => lines[firstAtLeast(weights, random())] ?? '');
}

/** The queries of the chain workload. */
export function drawChain(run: number): readonly string[] {
  const cached = drawZipf(chainCached, run);
  const random = randomNumbers(run + 1_000_000);
  return cached.map((line) => {
    if (random() < 0.9) return line;
    return chainLocal[Math.floor(random() * chainLocal.length)] ?? line;
  });
}

/** Every fourth name has four addresses, so that `loadbalance` has something to turn. */
function chainName(index: number): string {
  return `${index % 4 === 0 ? 'pool' : 'n'}${index}.chain.bench.`;
}

function hostName(index: number): string {
  return `h${index}.hosts.bench.`;
}

function numbered<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** For each rank, the share of draws that go to it or to a rank before it. */
function cumulativeWeights(count: number, exponent: number): Float64Array {
  const weights = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += (rank + 1) ** -exponent;
    weights[rank] = sum;
  }
  return weights.map((weight) => weight / sum);
}

function firstAtLeast(ascending: Float64Array, wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 1) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Uniform numbers from 0 to 1 that repeat for the same seed (a 32-bit Weyl sequence through a mixing function). */
function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}
