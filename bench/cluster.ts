// npm run bench:cluster: ferrydns beside CoreDNS with 10,000 services and 110,000 endpoints of a real API server, each in a control group of 170 MiB where one can be
// made: time to ready, memory, ten relists in a row under 5,000 queries a second, CPU, and 1,000 updates of endpoints a second; `ready`, `memory` or `updates` behind two
// dashes for one of them. `FERRYDNS` names a program that was built. Needs dnsperf and what `npm run test:kubernetes` needs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProxy } from '../test/support/api-proxy.ts';
import { makeControlGroup } from '../test/support/control-group.ts';
import { adminToken, KubernetesApi } from '../test/support/kubernetes.ts';
import { createChildren, hasEnded } from './children.ts';
import { largeCluster, serviceNames } from './cluster/large-cluster.ts';
import { type ClusterServer, coredns, ferrydns, type ServerKind, startServer } from './cluster/servers.ts';
import { describeDelays, underUpdates } from './cluster/updates.ts';
import { runDnsperf } from './dnsperf.ts';
import { processMemory, processTime } from './process-time.ts';
import { median, percentile } from './statistics.ts';
import { number, table } from './table.ts';

const mebibyte = 1 << 20;
const limit = 170;
const relists = 10;
/** Starts of each server, in turn. */
const starts = 7;
/** Queries in a second. */
const rate = 5000;
/** Updates of endpoints in a second, and for how many seconds. */
const updates = 1000;
const updateSeconds = 8;
const say = (text: string) => process.stdout.write(`${text}\n`);
const requests = 'coredns_kubernetes_rest_client_requests_total';

const children = createChildren();
const queries = join(children.folder, 'queries');
/** As many names as a cluster asks for often: a cache holds them. */
writeFileSync(
  queries,
  serviceNames
    .filter((_, i) => i % 10 === 0)
    .map((name) => `${name} A`)
    .join('\n'),
);

/** What one server was measured to be. */
type Figures = Record<string, string>;

interface LoadFigures {
  readonly sent: number;
  readonly lost: number;
  readonly wrong: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Microseconds of CPU time for each query. */
  readonly cpu: number;
}

async function underLoad(server: ClusterServer, seconds: number): Promise<LoadFigures> {
  const { pid } = server.child;
  const used = processTime(pid);
  const load = { port: server.port, queries, seconds, rate, outstanding: 5000, transport: 'udp', latencies: true, core: undefined } as const;
  const { sent, completed, lost, rcodes, latencies } = await runDnsperf(children, load);
  const wrong = completed - (rcodes['NOERROR'] ?? 0);
  return { sent, lost, wrong, p99: percentile(latencies, 0.99), cpu: (processTime(pid) - used) / sent };
}

const describeLoad = ({ sent, lost, wrong, p99 }: LoadFigures): string => `${lost} lost, ${wrong} wrong of ${sent}, p99 ${number(p99, 1)} ms`;

/** Lets everything be read anew: whoever would go on from where it was is told that this is over, once for each kind of object. */
async function relist(server: ClusterServer, proxy: ApiProxy): Promise<void> {
  const before = await server.metric(requests);
  let rest = 3;
  proxy.fault = (query) =>
    query.get('watch') !== null && query.get('sendInitialEvents') !== 'true' && rest-- > 0 ? { status: 410, reason: 'Expired' } : undefined;
  proxy.cut();
  while ((await server.metric(requests)) < before + 6) await delay(100);
}

/** Straight from the API server, by TLS. */
async function timeToReady(api: KubernetesApi): Promise<void> {
  const block = [`kubeconfig ${api.kubeconfig()}`, 'pods insecure', 'ttl 30', 'startup_timeout 120s'];
  const times = kinds.map((): number[] => []);
  for (let i = 0; i < starts; i++) {
    for (const [k, kind] of kinds.entries()) {
      const server = await startServer(children, kind, { block, lines: ['cache 30'] });
      times[k]?.push(server.readyAfter);
      await server.stop();
    }
  }
  for (const [k, each] of times.entries()) {
    const seconds = [median(each), Math.min(...each), Math.max(...each)].map((time) => `${number(time / 1000, 2)} s`);
    Object.assign(measured[k] ?? {}, { 'ready after': `${seconds[0]} (${seconds[1]} to ${seconds[2]})` });
  }
}

async function memoryAndRelists(kind: ServerKind, api: KubernetesApi): Promise<Figures> {
  await using proxy = await ApiProxy.open({ port: api.port, token: adminToken });
  using group = makeControlGroup(limit * mebibyte);
  const block = [`endpoint ${proxy.url}`, 'pods insecure', 'ttl 30', 'startup_timeout 120s'];
  const server = await startServer(children, kind, { block, lines: ['cache 30'], ...(group === undefined ? {} : { through: group.through }) });
  const { pid } = server.child;
  const figures: Figures = {
    'octets of the lists': `${number(proxy.octets / mebibyte, 1)} MiB`,
  };
  try {
    const ready = processMemory(pid);
    figures['resident when ready'] = `${number(ready.resident, 0)} MiB, at most ${number(ready.peak, 0)} MiB`;
    await underLoad(server, 3);
    const steady = await underLoad(server, 10);
    figures['5,000 queries a second'] = describeLoad(steady);
    figures['CPU of a query'] = `${number(steady.cpu, 0)} µs`;
    figures['resident under load'] = `${number(processMemory(pid).resident, 0)} MiB`;
    const runs: LoadFigures[] = [];
    for (let i = 0; i < relists; i++) {
      const [load] = await Promise.all([underLoad(server, 6), relist(server, proxy)]);
      runs.push(load);
      say(`${kind.name}: relist ${i + 1}: ${describeLoad(load)}`);
    }
    const total = (each: (load: LoadFigures) => number) => runs.reduce((sum, load) => sum + each(load), 0);
    const slowest = runs.map(({ p99 }) => p99).toSorted((a, b) => a - b);
    const p99 = `p99 ${number(median(slowest), 1)} ms, in the worst of them ${number(slowest.at(-1) ?? 0, 1)} ms`;
    figures['in ten relists'] = `${total(({ lost }) => lost)} lost, ${total(({ wrong }) => wrong)} wrong of ${total(({ sent }) => sent)}, ${p99}`;
    const { resident, peak } = processMemory(pid);
    figures['after ten relists'] = `${number(resident, 0)} MiB, at most ${number(peak, 0)} MiB`;
  } catch (error) {
    figures['ended'] = hasEnded(server.child) ? `killed for memory ${group?.kills()} times` : String(error);
  }
  await server.stop();
  return figures;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const only = process.argv[2];
const kinds = [ferrydns, coredns()];
const measured = kinds.map((): Figures => ({}));
const does = (part: string) => only === undefined || only === part;
if (does('updates')) {
  const load = { rate: updates, seconds: updateSeconds };
  for (const [i, figures] of (await underUpdates(children, kinds, load)).entries()) {
    Object.assign(measured[i] ?? {}, { 'CPU of an update': `${number(figures.cpu, 0)} µs`, 'update to answer': describeDelays(figures) });
  }
}
if (does('ready') || does('memory')) {
  await using api = await KubernetesApi.start();
  say('creating 10,000 services and 110,000 endpoints');
  await api.fill(largeCluster());
  if (does('ready')) await timeToReady(api);
  if (does('memory')) for (const [i, kind] of kinds.entries()) Object.assign(measured[i] ?? {}, await memoryAndRelists(kind, api));
}
const rows = [...new Set(measured.flatMap((figures) => Object.keys(figures)))];
say(table([['', ...kinds.map(({ name }) => name)], ...rows.map((row) => [row, ...measured.map((figures) => figures[row] ?? '–')])]));
