// npm run faults:kubernetes [-- WORD…]: what API servers do to ferrydns and CoreDNS, beside each other at one real API server while both are asked 1,000 times a
// second; of all faults, or those with a word in their names. Needs dnsperf and what `npm run test:kubernetes` needs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Children, createChildren } from './children.ts';
import { type ClusterFault, clusterFaults } from './cluster/faults.ts';
import { FaultyCluster } from './cluster/faulty-cluster.ts';
import { type ClusterServer, coredns, ferrydns } from './cluster/servers.ts';
import { type LoadResult, runDnsperf } from './dnsperf.ts';
import { percentile } from './statistics.ts';

/** Queries in a second, to each server. */
const rate = 1000;
const scale = { cuts: 60, refusing: 30_000 };
const requests = 'coredns_kubernetes_rest_client_requests_total';

const say = (text: string) => process.stdout.write(`${text}\n`);
const cells = (...each: readonly (string | number)[]) => say(`| ${each.join(' | ')} |`);

async function underLoad(
  children: Children,
  server: ClusterServer,
  load: { readonly queries: string; readonly seconds: number },
): Promise<LoadResult> {
  const { kind, port } = server;
  return runDnsperf(children, { ...load, name: kind.name, port, transport: 'udp', outstanding: 1000, rate, latencies: true, core: undefined });
}

async function measure(children: Children, cluster: FaultyCluster, fault: ClusterFault): Promise<void> {
  await cluster.serve([ferrydns, coredns()], fault.way, fault.block);
  const { servers } = cluster;
  const queries = join(children.folder, 'queries');
  writeFileSync(queries, `${cluster.names.map((name) => `${name} A`).join('\n')}\n`);
  const before = await Promise.all(servers.map((server) => server.metric(requests)));
  const loads = servers.map((server) => underLoad(children, server, { queries, seconds: fault.seconds }));
  const delays = await fault.run(cluster, scale);
  const results = await Promise.all(loads);
  for (const [i, { kind, metric }] of servers.entries()) {
    const { completed, sent, lost, rcodes, latencies } = results[i] as LoadResult;
    const wrong = completed - (rcodes['NOERROR'] ?? 0);
    const slowest = Math.max(...delays.map((each) => each.get(kind.name) ?? Number.POSITIVE_INFINITY));
    const known = Number.isFinite(slowest) ? `${Math.round(slowest)} ms` : 'never';
    const asked = (await metric(requests)) - (before[i] ?? 0);
    cells(fault.name, kind.name, sent, lost, wrong, `${percentile(latencies, 0.99).toFixed(1)} ms`, known, asked);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const words = process.argv.slice(2);
const children = createChildren();
await using cluster = await FaultyCluster.start(children);
cells('what happens', 'server', 'queries', 'lost', 'wrong', 'p99', 'change answered after', 'requests to the API server');
cells(...Array.from({ length: 8 }, () => '---'));
for (const fault of clusterFaults.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))) {
  await measure(children, cluster, fault);
}
