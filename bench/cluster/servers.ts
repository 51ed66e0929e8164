// ferrydns and CoreDNS as two processes beside one cluster: the same block of `kubernetes`, each with its own way to the API server.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, ask, freePort } from 'ferrydns/testing';
import { needs } from '../../test/services/needs.ts';
import { type Child, type Children, hasEnded, lastOutput } from '../children.ts';

/** A program that serves a Corefile. */
export interface ServerKind {
  readonly name: string;
  readonly command: readonly string[];
}

/** One of them that runs. */
export interface ClusterServer {
  readonly kind: ServerKind;
  readonly port: number;
  readonly child: Child;
  /** Milliseconds from its start until `ready` says that it knows the cluster. */
  readonly readyAfter: number;
  ask(name: string): Promise<Answer>;
  /** The sum of a metric over its labels. */
  metric(name: string): Promise<number>;
  /** What it has printed so far. */
  printed(): string;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Lines of the block of `kubernetes`. */
  readonly block: readonly string[];
  /** Other lines of the server block. */
  readonly lines?: readonly string[];
  /** A command that becomes the program, whose words it is given. */
  readonly through?: readonly string[];
}

const patience = 300_000;
/** Milliseconds. */
const askPatience = 2000;

/** The program that `FERRYDNS` names, as one that was built, else that of the source. */
export const ferrydns: ServerKind = {
  name: 'ferrydns',
  command: [process.execPath, process.env['FERRYDNS'] ?? join(import.meta.dirname, '../../src/bin.ts')],
};

/** The CoreDNS that `COREDNS` names, else the one that is installed or was built for tests. Throws an Error that says how to get one. */
export function coredns(): ServerKind {
  const command = process.env['COREDNS'] ?? needs('coredns', "'npm run test:kubernetes' builds it with Go");
  return { name: 'CoreDNS', command: [command] };
}

/** Resolves when it is ready. */
export async function startServer(children: Children, kind: ServerKind, { block, lines = [], through = [] }: ServerOptions): Promise<ClusterServer> {
  const [port, metrics, ready] = [await freePort(), await freePort(), await freePort()];
  const name = `${kind.name}-${port}`;
  const folder = join(children.folder, name);
  mkdirSync(folder);
  const all = ['bind 127.0.0.1', `prometheus 127.0.0.1:${metrics}`, `ready 127.0.0.1:${ready}`, 'errors', ...lines];
  const cluster = ['kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {', ...block.map((line) => `  ${line}`), '}'];
  const corefile = join(folder, 'Corefile');
  writeFileSync(corefile, `.:${port} {\n${[...all, ...cluster].map((line) => `  ${line}`).join('\n')}\n}\n`);
  const begun = performance.now();
  const child = children.start({ command: [...through, ...kind.command, '-conf', corefile], output: `${name}.out` });
  for (const deadline = begun + patience; !(await isReady(ready)); await delay(10)) {
    if (hasEnded(child) || performance.now() > deadline) throw new Error(`${name} does not get ready: ${lastOutput(child)}`);
  }
  return {
    kind,
    port,
    child,
    readyAfter: performance.now() - begun,
    ask: (asked) => ask({ port, name: asked, timeout: askPatience }),
    metric: async (wanted) => sumOf(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(), wanted),
    printed: () => readFileSync(child.output, 'utf8'),
    stop: () => children.stop(child),
  };
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
  await answer?.text();
  return answer?.status === 200;
}

function sumOf(text: string, name: string): number {
  const samples = text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'));
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
}
