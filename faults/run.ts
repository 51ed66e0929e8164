// npm run faults: breaks things around ferrydns and other servers, measures what clients notice, and says whether ferrydns does what is expected of it.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { type Children, createChildren } from '../bench/children.ts';
import { versionOf } from '../bench/program.ts';
import { peers as benchServers } from '../bench/servers/index.ts';
import type { FoundServer } from '../bench/start.ts';
import { type Arguments, readArguments, USAGE } from './arguments.ts';
import { faults } from './cases/index.ts';
import type { Fault } from './fault.ts';
import { isInside, missingPrograms, prepareInside, runInside } from './isolation.ts';
import { Lab } from './lab.ts';
import { missingNeed } from './needs.ts';
import { writePage } from './page.ts';
import { type FaultResult, formatFault, misses, type Outcome, toJson } from './report.ts';
import { soak } from './soak.ts';

const SERVERS = ['ferrydns', 'coredns', 'unbound', 'dnsdist'];
const servers = benchServers.filter(({ name }) => SERVERS.includes(name));

async function main(words: readonly string[]): Promise<number> {
  const asked = readArguments(words, { faults: faults.map(({ name }) => name), servers: SERVERS });
  if (asked.help) {
    print(USAGE);
    return 0;
  }
  if (process.platform !== 'linux') throw new Error(`this is ${process.platform}, expected Linux: the faults are made with what its kernel has`);
  const missing = missingPrograms();
  if (missing.length > 0) throw new Error(missing.join('\n'));
  if (!isInside()) return runInside();
  prepareInside();
  const found = findServers(asked);
  const circumstances = describe(found, asked);
  const introduction = introduce(circumstances);
  print(introduction);
  const children = createChildren();
  const results = asked.soak === undefined ? await runAll(asked, found, children) : [await soak(found, children, asked.soak, print)];
  if (asked.json !== undefined) writeFileSync(asked.json, toJson(circumstances, results));
  if (asked.write) writePage(asked.soak === undefined ? 'figures' : 'soak', introduction, results);
  const missed = results.flatMap(misses);
  print(missed.length === 0 ? '\nferrydns met every expectation.' : `\nferrydns missed:\n${missed.map((miss) => `* ${miss}`).join('\n')}`);
  return missed.length === 0 ? 0 : 1;
}

async function runAll(asked: Arguments, found: readonly FoundServer[], children: Children): Promise<readonly FaultResult[]> {
  const results: FaultResult[] = [];
  for (const fault of faults.filter(({ name }) => asked.only?.includes(name) ?? true)) {
    const result = await runFault(fault, found, (one) => new Lab(one, children, asked.seconds));
    print(`\n${formatFault(result)}`);
    results.push(result);
  }
  return results;
}

/** One fault, on one server after the other. One that fails is reported, and the others go on. */
async function runFault(fault: Fault, found: readonly FoundServer[], labFor: (found: FoundServer) => Lab): Promise<FaultResult> {
  const skipped = (fault.needs ?? []).flatMap((need) => missingNeed(need) ?? []).join('; ');
  if (skipped !== '') return { fault, outcomes: [], skipped };
  const outcomes: Outcome[] = [];
  for (const one of found.filter(({ server: { name } }) => name === 'ferrydns' || fault.peers.includes(name))) {
    const lab = labFor(one);
    const outcome = await fault.run(lab).then(
      (figures) => ({ server: one.server.name, figures }),
      (error: unknown) => ({ server: one.server.name, figures: {}, failure: error instanceof Error ? error.message : String(error) }),
    );
    outcomes.push(outcome);
    await lab.end();
  }
  return { fault, outcomes };
}

/** The servers to drive. One that was asked for by name must be there; else it is left out with a word. */
function findServers(asked: Arguments): readonly FoundServer[] {
  return servers.flatMap((server) => {
    if (asked.servers !== undefined && !asked.servers.includes(server.name)) return [];
    const command = server.find();
    if (command !== undefined) return [{ server, command }];
    const missing = `${server.name} is not installed: ${server.install}`;
    if (asked.servers !== undefined) throw new Error(missing);
    print(`left out: ${missing}`);
    return [];
  });
}

function describe(found: readonly FoundServer[], { seconds, soak: soaking }: Arguments) {
  return {
    startedAt: new Date().toISOString(),
    machine: { processor: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, kernel: release(), load: loadavg() },
    versions: { node: process.version, ...Object.fromEntries(found.map(({ server, command }) => [server.name, versionOf(command, server.version)])) },
    seconds: soaking ?? seconds,
  };
}

/** When, where and what, for those who read the figures. */
function introduce({ startedAt, machine, versions, seconds }: ReturnType<typeof describe>): string {
  const [now = 0] = machine.load;
  const names = Object.entries(versions).map(([name, version]) => `${name} (${version})`);
  return `${startedAt}: ${machine.cores} × ${machine.processor}, Linux ${machine.kernel}, load ${now.toFixed(1)} at the start, loads of ${seconds} s. ${names.join(', ')}.`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (isInside()) {
  // Ends through 'exit', where the children are ended.
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) process.on(signal, () => process.exit(code));
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`faults: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Does not wait for what may still run after a failure.
process.exit();
