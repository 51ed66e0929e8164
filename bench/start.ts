// Starts what is measured and what it asks: the servers of one workload, and the upstream of all.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type Children, hasEnded, lastOutput } from './children.ts';
import { type Cores, pinned } from './cores.ts';
import { freePorts, waitForAnswer } from './query.ts';
import type { BenchServer, Unable } from './servers/server.ts';
import { hostsFile, isEncrypted, type Workload } from './workloads.ts';

/** A certificate that the tests use as well; the load does not look at it. */
const certificates = join(import.meta.dirname, '../test/support/certificates');
const keyPair = { certificate: join(certificates, 'server.crt'), key: join(certificates, 'server.key') };
const RCODES = { NOERROR: 0, NXDOMAIN: 3 } as const;
/** A million entries take some servers seconds. */
const START_LIMIT = 60_000;
const UPSTREAM_LIMIT = 15_000;

/** A server that is installed. */
export interface FoundServer {
  readonly server: BenchServer;
  readonly command: readonly string[];
}

/** A server that has answered its first query. */
export interface Running {
  readonly name: string;
  readonly child: Child;
  readonly port: number;
  /** Where the load goes: another port where the workload's transport is encrypted. */
  readonly loadPort: number;
  /** From the start of the process to its first answer. */
  readonly startMilliseconds: number;
}

export interface Upstream {
  readonly port: number;
  readonly child: Child;
  /** How many messages it has received so far. */
  queries(): Promise<number>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly children: Children;
  readonly cores: Cores | undefined;
  readonly upstreamPort: number;
}

/** Starts a server for a workload and waits for its first right answer; or says why it cannot do this workload. */
export async function startServer(found: FoundServer, workload: Workload, options: StartOptions): Promise<Running | Unable> {
  const { server, command } = found;
  const folder = join(options.children.folder, `${workload.name}-${server.name}`);
  const hosts = join(folder, 'hosts');
  const [port = 0, encrypted = 0, metrics = 0, health = 0, ready = 0] = await freePorts(5);
  const admin = { metrics, health, ready };
  const launch = server.launch(workload, {
    port,
    encrypted: { port: encrypted, ...keyPair },
    admin,
    upstream: options.upstreamPort,
    folder,
    hosts,
  });
  if ('unable' in launch) return launch;
  mkdirSync(folder, { recursive: true });
  writeFileSync(hosts, hostsFile(workload.hostsEntries));
  for (const { name, text } of launch.files) writeFileSync(join(folder, name), text);
  const begun = performance.now();
  const child = options.children.start({
    command: pinned(options.cores?.server, [...command, ...launch.args]),
    output: `${workload.name}-${server.name}.out`,
  });
  const running = { name: server.name, child, port, loadPort: isEncrypted(workload) ? encrypted : port };
  try {
    await waitForAnswer({
      port,
      name: workload.probe,
      rcode: RCODES[workload.rcode],
      milliseconds: START_LIMIT,
      check: () => assertServes(running),
    });
  } catch (error) {
    await options.children.stop(child);
    throw error;
  }
  return { ...running, startMilliseconds: performance.now() - begun };
}

/** Throws, with how it ended and the last lines it printed, if the server has ended. */
export function assertServes(running: Pick<Running, 'name' | 'child'>): void {
  if (!hasEnded(running.child)) return;
  const { exitCode, signalCode } = running.child.process;
  const end = signalCode === null ? `code ${exitCode}` : signalCode;
  throw new Error(`${running.name} ended with ${end}: ${lastOutput(running.child)}`);
}

/** What `upstream.ts` is told by its words. */
export interface UpstreamOptions {
  /** One that the system chooses unless given. */
  readonly port?: number;
  /** Milliseconds that each answer is late. */
  readonly late?: number;
  /** Another program that reports its port and counts its queries in the same way. */
  readonly program?: string;
}

/** Starts `upstream.ts` in a process of its own, on a core that is not the server's. */
export async function startUpstream(children: Children, cores: Cores | undefined, options: UpstreamOptions = {}): Promise<Upstream> {
  const { port: wanted = 0, late = 0, program = join(import.meta.dirname, 'upstream.ts') } = options;
  const child = children.start({
    command: pinned(cores?.upstream, [process.execPath, program, String(wanted), String(late)]),
    output: `upstream-${wanted}.out`,
    messages: true,
  });
  const port = await receive(child, 'port').catch(async (error) => {
    await children.stop(child);
    throw error;
  });
  return {
    port,
    child,
    queries() {
      const count = receive(child, 'queries');
      child.process.send('count');
      return count;
    },
    stop: () => children.stop(child),
  };
}

/** The number `field` of the next message of a child. */
function receive(child: Child, field: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error(`the upstream does not report its ${field}: ${lastOutput(child)}`));
    const timer = setTimeout(fail, UPSTREAM_LIMIT);
    child.process.once('message', (message) => {
      clearTimeout(timer);
      const value: unknown = Reflect.get(Object(message), field);
      if (typeof value === 'number') resolve(value);
      else fail();
    });
  });
}
