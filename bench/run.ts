// npm run bench, and with --peers npm run bench:peers: drives ferrydns and other servers with dnsperf in turn, and reports what an answer costs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { type Arguments, readArguments, USAGE } from './arguments.ts';
import { createChildren } from './children.ts';
import { findCores, pinSelf } from './cores.ts';
import { measureWorkload, type WorkloadResult } from './measure.ts';
import { plots } from './plots.ts';
import { formatPod, judgePod, measurePod, POD, type PodResult } from './pod.ts';
import { findOnPath, versionOf } from './program.ts';
import { type Circumstances, formatWorkload, fromJson, type Results, toJson } from './report.ts';
import { BASELINE, peers, servers } from './servers/index.ts';
import { type FoundServer, startUpstream } from './start.ts';
import { formatSummary } from './summary.ts';
import { peerWorkloads, workloads } from './workloads.ts';

async function main(words: readonly string[]): Promise<boolean> {
  const asked = readArguments(words, (all) => ({
    workloads: all ? peerWorkloads.map(({ name }) => name) : [...workloads.map(({ name }) => name), POD],
    servers: (all ? peers : servers).map(({ name }) => name),
  }));
  if (asked.help) {
    print(USAGE);
    return true;
  }
  if (asked.from !== undefined) {
    const measured = fromJson(readFileSync(asked.from, 'utf8'), [...peerWorkloads, ...workloads]);
    for (const result of measured.results) print(`\n${formatWorkload(result, BASELINE)}`);
    const [{ samples = [] } = {}] = measured.pod;
    if (measured.pod.length > 0) print(`\n${formatPod(measured.pod, samples.length)}`);
    conclude(asked, measured);
    return true;
  }
  if (process.platform !== 'linux') throw new Error(`this is ${process.platform}, expected Linux: CPU times are read from /proc`);
  if (findOnPath('dnsperf') === undefined)
    throw new Error('dnsperf is not in PATH; on Debian or Ubuntu: apt-get install dnsperf; else https://www.dns-oarc.net/tools/dnsperf');
  return bench(asked, findServers(asked));
}

/** Runs the workloads and reports; false if a server failed in one of them. */
async function bench(asked: Arguments, found: readonly FoundServer[]): Promise<boolean> {
  const circumstances = describe(asked, found);
  const children = createChildren();
  const cores = findCores();
  if (cores !== undefined) pinSelf(cores.load);
  print(
    cores === undefined
      ? 'nothing is pinned (taskset or a second core is missing): server and load disturb each other'
      : `server on core ${cores.server}, load on core ${cores.load}, upstream on core ${cores.upstream}`,
  );
  for (const [name, version] of Object.entries(circumstances.versions)) print(`${name}: ${version}`);
  const upstream = await startUpstream(children, cores);
  const results: WorkloadResult[] = [];
  for (const workload of (asked.peers ? peerWorkloads : workloads).filter(({ name }) => asked.workloads.includes(name))) {
    const result = await measureWorkload(workload, found, {
      children,
      cores,
      upstream,
      upstreamPort: upstream.port,
      seconds: asked.seconds,
      rounds: asked.rounds,
      baseline: BASELINE,
    });
    results.push(result);
    print(`\n${formatWorkload(result, BASELINE)}`);
  }
  const pod: readonly PodResult[] = asked.workloads.includes(POD)
    ? await measurePod(found, { children, cores, upstreamPort: upstream.port, seconds: asked.podSeconds })
    : [];
  if (pod.length > 0) print(`\n${formatPod(pod, asked.podSeconds)}`);
  await upstream.stop();
  if (asked.json !== undefined) writeFileSync(asked.json, toJson(circumstances, { results, pod }, BASELINE));
  conclude(asked, { results, pod });
  return [...pod, ...results.flatMap(({ servers: all }) => all)].every(({ failure }) => failure === undefined);
}

/** What is known when all workloads are: the summary, and the plots. */
function conclude({ plots: folder }: Arguments, { results, pod }: Results): void {
  print(`\n${formatSummary(results, judgePod(pod))}`);
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  for (const { name, svg } of plots(results)) writeFileSync(join(folder, name), svg);
}

/** The servers to drive. One that was asked for by name must be there; else it is skipped with a word. */
function findServers(asked: Arguments): readonly FoundServer[] {
  const found: FoundServer[] = [];
  for (const server of asked.peers ? peers : servers) {
    if (asked.servers !== undefined && !asked.servers.includes(server.name)) continue;
    const command = server.find();
    if (command !== undefined) {
      found.push({ server, command });
      continue;
    }
    const missing = `${server.name} is not installed: ${server.install}`;
    if (asked.servers !== undefined) throw new Error(missing);
    print(`skipped: ${missing}`);
  }
  if (found.length === 0) throw new Error('there is no server to drive');
  return found;
}

function describe(asked: Arguments, found: readonly FoundServer[]): Circumstances {
  const versions = found.map(({ server, command }) => [server.name, server.version.length === 0 ? 'built here' : versionOf(command, server.version)]);
  return {
    startedAt: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      kernel: release(),
      pinned: findCores() !== undefined,
    },
    versions: { node: process.version, ...Object.fromEntries(versions) },
    seconds: asked.seconds,
    rounds: asked.rounds,
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

// Ends through 'exit', where the children are ended.
process.on('SIGHUP', () => process.exit(129));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Does not wait for what may still run after a failure.
process.exit();
