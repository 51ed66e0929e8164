// Serves: the flags of CoreDNS, the signals, the pidfile, and what is printed at the start.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../config/error.ts';
import { defaultLogForm } from '../log/journal.ts';
import { formatEntry, streamOutput } from '../log/logger.ts';
import { type ConfigurationSource, defaultSource, fileSource, textSource } from '../server/configuration.ts';
import { type MemoryLimit, readCgroupLimit, readSize } from '../server/memory-limit.ts';
import type { Registry } from '../server/registry.ts';
import { Server } from '../server/server.ts';
import type { ReloadStage } from '../server/server-options.ts';
import { surviveStrayErrors } from '../server/stray-errors.ts';
import { version } from '../server/version.ts';
import { batchAdvice } from '../transport/batch/advice.ts';
import { isNativeAvailable } from '../transport/batch/library.ts';
import { readFlags } from './flags.ts';
import { ServiceManager } from './service-manager.ts';

export const serveUsage = `usage: ferrydns [-conf FILE] [-dns.port N | -p N] [-pidfile FILE] [-memory SIZE] [-log text|json] [-quiet]
       ferrydns -plugins | -version`;

interface ServeContext {
  readonly registry: Registry;
  readonly process: NodeJS.Process;
}

/** What is served, and how. */
export interface Serving {
  readonly conf: string | undefined;
  readonly port: number;
  readonly pidfile: string | undefined;
  /** How much memory the server may take. */
  readonly memoryLimit: MemoryLimit | undefined;
  readonly plugins: boolean;
  readonly version: boolean;
  readonly quiet: boolean;
  /** How the log is written; undefined for what suits whoever reads standard output. */
  readonly log: 'text' | 'json' | undefined;
}

const flags = {
  conf: { type: 'string' },
  'dns.port': { type: 'string' },
  p: { type: 'string', short: 'p' },
  pidfile: { type: 'string' },
  memory: { type: 'string' },
  plugins: { type: 'boolean' },
  version: { type: 'boolean' },
  log: { type: 'string' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads CoreDNS's flags: one dash or two, `-flag value` or `-flag=value`. */
export function readServing(words: readonly string[], usage: string): Serving {
  const { values, positionals } = readFlags(words, flags, usage);
  if (values.help === true) throw new Error(usage);
  if (positionals.length > 0) throw new Error(`extra command line arguments: [${positionals.join(' ')}]\n${usage}`);
  const port = values['dns.port'] ?? values.p ?? '53';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) throw new Error(`invalid value "${port}" for flag -dns.port, expected 0 to 65535`);
  const { log } = values;
  if (log !== undefined && log !== 'text' && log !== 'json') throw new Error(`invalid value "${log}" for flag -log, expected text or json`);
  return {
    conf: values.conf,
    log,
    port: Number(port),
    pidfile: values.pidfile,
    memoryLimit: values.memory === undefined ? readCgroupLimit() : { octets: readSize(values.memory), source: 'option' },
    plugins: values.plugins ?? false,
    version: values.version ?? false,
    quiet: values.quiet ?? false,
  };
}

/** Resolves when the server serves. Rejects with the reason when it cannot, in the form of the log; the process then ends. */
export async function serve(serving: Serving, context: ServeContext): Promise<void> {
  try {
    await open(serving, context);
  } catch (error) {
    const form = serving.log ?? defaultLogForm(2, context.process.env);
    throw form === 'text' ? error : new Error(formatEntry(form, { level: 'FATAL', message: messageOf(error) }));
  }
}

async function open(serving: Serving, { registry, process }: ServeContext): Promise<void> {
  const write = streamOutput(process.stdout);
  // Whoever read the log may be gone: that is no reason to end, nor one to log about.
  process.stdout.on('error', () => undefined);
  if (serving.version) return write(`FerryDNS-${version}\n${platform(process)}`);
  if (serving.plugins) return write(names(registry).join('\n'));
  const logForm = serving.log ?? defaultLogForm(1, process.env);
  const output = serving.quiet
    ? () => {}
    : (line: string) => write(logForm === 'text' ? line : formatEntry(logForm, { level: 'INFO', message: line }));
  const exit = (status: number) => {
    removePidfile(serving.pidfile, process.pid);
    // What the service manager is told, and lines that are waiting for the end of the turn, leave first.
    void manager.told.then(() => setImmediate(() => process.exit(status)));
  };
  const onReload = (stage: ReloadStage) => manager.reload(stage, status(server));
  const { port: dnsPort, memoryLimit } = serving;
  const server = new Server({ source: sourceOf(serving.conf), registry, output: write, logForm, dnsPort, memoryLimit, exit, onReload });
  const manager = new ServiceManager(process, server.log);
  server.onStop(() => manager.stop());
  obeySignals(server, process, exit);
  surviveStrayErrors(server, process);
  await start(server, serving.pidfile, process).catch((error: unknown) => {
    // Whatever a plugin has left open must not keep up a process that serves nothing.
    exit(server.stopping ? 0 : 1);
    throw error;
  });
  for (const line of server.served()) output(line);
  for (const line of chosenPorts(server, serving.port)) output(line);
  output(`FerryDNS-${version}\n${platform(process)}, UDP ${udpKind(server, process)}${workers(server)}`);
  manager.ready(status(server));
}

/** What systemctl shows. */
function status(server: Server): string {
  return `serving ${server.served().join(', ')}`;
}

/** Which transport UDP has; with the slower one, what brings the faster. */
function udpKind(server: Server, process: NodeJS.Process): string {
  const kind = server.listening().find((socket) => socket.kind !== undefined)?.kind ?? 'closed';
  return kind === 'dgram' && !isNativeAvailable() ? `${kind}${batchAdvice(process)}` : kind;
}

/** The pidfile comes when the server serves: one that cannot start leaves that of another one alone. */
async function start(server: Server, pidfile: string | undefined, { pid }: NodeJS.Process): Promise<void> {
  await server.start();
  if (pidfile === undefined) return;
  try {
    writeFileSync(pidfile, `${pid}\n`);
  } catch (error) {
    throw new Error(`-pidfile ${pidfile} cannot be written: ${messageOf(error)}`);
  }
}

/** Removes a pidfile that names this process. */
function removePidfile(pidfile: string | undefined, pid: number): void {
  if (pidfile === undefined) return;
  try {
    if (readFileSync(pidfile, 'utf8').trim() === `${pid}`) rmSync(pidfile);
  } catch {
    // It is not there, or is somebody else's.
  }
}

function sourceOf(conf: string | undefined): ConfigurationSource {
  if (conf === undefined) return defaultSource();
  return conf === 'stdin' ? textSource(readFileSync(0, 'utf8'), 'stdin') : fileSource(conf);
}

/** SIGTERM and SIGINT stop gracefully, a second SIGINT at once; SIGHUP and SIGUSR1 reload; SIGUSR2, which would end a process that does not hear it, does nothing. */
function obeySignals(server: Server, process: NodeJS.Process, exit: (status: number) => void): void {
  const stop = (lameduck: boolean) => {
    const failed = (error: unknown) => server.log.error(`stop: ${messageOf(error)}`);
    void server
      .stop({ lameduck })
      .catch(failed)
      .then(() => exit(0));
  };
  const reload = () => void server.reload().catch((error: Error) => server.log.error(`Corefile changed but reload failed: ${error.message}`));
  process.on('SIGTERM', () => {
    server.log.info('SIGTERM: Shutting down servers then terminating');
    stop(true);
  });
  process.once('SIGINT', () => {
    server.log.info('SIGINT: Shutting down');
    process.once('SIGINT', () => process.exit(2));
    stop(true);
  });
  process.once('SIGQUIT', () => process.exit(0));
  process.on('SIGHUP', reload);
  process.on('SIGUSR1', reload);
  process.on('SIGUSR2', () => server.log.info('SIGUSR2: does nothing here; SIGUSR1 reloads'));
}

/** Where the server listens when the system chose the port. */
function chosenPorts(server: Server, port: number): string[] {
  if (port !== 0 && !server.served().some((line) => /:0( |$)/.test(line))) return [];
  const sockets = server.listening().filter(({ transport }) => transport === 'udp');
  return sockets.map((socket) => `listening on ${socket.address}:${socket.port}`);
}

function workers({ workerCount }: Server): string {
  return workerCount === 0 ? '' : `, ${workerCount} workers`;
}

function names(registry: Registry): string[] {
  return registry.plugins.map(({ name }) => name).sort();
}

function platform(process: NodeJS.Process): string {
  return `${process.platform}/${process.arch}, node ${process.version}`;
}
