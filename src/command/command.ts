// The command line: CoreDNS's flags to serve; the words check, format and convert; the way to explain, migrate and pool.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../config/error.ts';
import { formatCorefile } from '../config/format.ts';
import { streamOutput } from '../log/logger.ts';
import { type ConfigurationSource, defaultSource, fileSource, textSource } from '../server/configuration.ts';
import type { Registry } from '../server/registry.ts';
import { Server } from '../server/server.ts';
import { surviveStrayErrors } from '../server/stray-errors.ts';
import { version } from '../server/version.ts';
import { readFlags } from './flags.ts';

/** What a command may use of the world. */
export interface CommandContext {
  readonly registry: Registry;
  readonly process: NodeJS.Process;
}

const usage = `usage: ferrydns [-conf FILE] [-dns.port N | -p N] [-pidfile FILE] [-quiet]
       ferrydns -plugins | -version
       ferrydns check FILE      set everything up, open nothing, print every error
       ferrydns format FILE     print the Corefile in its usual layout
       ferrydns convert FILE    print a Corefile as YAML, or YAML as a Corefile
       ferrydns explain NAME [TYPE]   say why it is answered as it is: see ferrydns explain -help
       ferrydns migrate ...     plans that move services: see ferrydns migrate
       ferrydns pool ...        how pools stand, and failback by hand: see ferrydns pool`;

/** Runs one command. Exit status: 0 done, which help that was asked for is too, 1 refused, with the reason on standard error. */
export async function run(words: readonly string[], context: CommandContext): Promise<void> {
  const { process } = context;
  try {
    const [word, file, ...more] = words;
    if (word === undefined || word.startsWith('-')) return await serve(words, context);
    if (word === 'migrate') return await migrate(words.slice(1), context);
    if (word === 'pool') return await pool(words.slice(1), context);
    if (word === 'explain') return await explain(words.slice(1), context);
    const command = { check, format, convert }[word];
    if (command === undefined) throw extraWords(words);
    if (file === undefined || more.length > 0) throw new Error(`usage: ferrydns ${word} FILE`);
    await command(file, context);
  } catch (error) {
    const message = messageOf(error);
    if (message.startsWith('usage: ') && words.some((word) => /^--?h(elp)?$/.test(word))) return void process.stdout.write(`${message}\n`);
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}

/** Loaded only for those who ask: a server has no use for it. */
async function migrate(words: readonly string[], { process }: CommandContext): Promise<void> {
  const { runMigrate } = await import('./migrate-command.ts');
  const text = await runMigrate(words, process);
  if (text !== '') process.stdout.write(`${text}\n`);
}

async function pool(words: readonly string[], { process }: CommandContext): Promise<void> {
  const { runPool } = await import('./pool-command.ts');
  process.stdout.write(`${await runPool(words)}\n`);
}

async function check(file: string, { registry, process }: CommandContext): Promise<void> {
  const output = (line: string) => void process.stderr.write(`${line}\n`);
  await new Server({ source: fileSource(file), registry, output }).check();
  process.stdout.write(`${file}: ok\n`);
}

async function explain(words: readonly string[], { registry, process }: CommandContext): Promise<void> {
  const { runExplain } = await import('./explain-command.ts');
  const log = (line: string) => void process.stderr.write(`${line}\n`);
  process.stdout.write(`${await runExplain(words, { registry, log })}\n`);
}

function format(file: string, { process }: CommandContext): void {
  process.stdout.write(formatCorefile(readFileSync(file, 'utf8')));
}

async function convert(file: string, { process, registry }: CommandContext): Promise<void> {
  const { convertFile } = await import('./convert-command.ts');
  process.stdout.write(convertFile(file, { registry, tell: (line) => void process.stderr.write(`${line}\n`) }));
}

/** What is served, and how. */
interface Serving {
  readonly conf: string | undefined;
  readonly port: number;
  readonly pidfile: string | undefined;
  readonly plugins: boolean;
  readonly version: boolean;
  readonly quiet: boolean;
}

const flags = {
  conf: { type: 'string' },
  'dns.port': { type: 'string' },
  p: { type: 'string', short: 'p' },
  pidfile: { type: 'string' },
  plugins: { type: 'boolean' },
  version: { type: 'boolean' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads CoreDNS's flags: one dash or two, `-flag value` or `-flag=value`. */
function readServing(words: readonly string[]): Serving {
  const { values, positionals } = readFlags(words, flags, usage);
  if (values.help === true) throw new Error(usage);
  if (positionals.length > 0) throw extraWords(positionals);
  const port = values['dns.port'] ?? values.p ?? '53';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) throw new Error(`invalid value "${port}" for flag -dns.port, expected 0 to 65535`);
  return {
    conf: values.conf,
    port: Number(port),
    pidfile: values.pidfile,
    plugins: values.plugins ?? false,
    version: values.version ?? false,
    quiet: values.quiet ?? false,
  };
}

function extraWords(words: readonly string[]): Error {
  return new Error(`extra command line arguments: [${words.join(' ')}]\n${usage}`);
}

async function serve(words: readonly string[], { registry, process }: CommandContext): Promise<void> {
  const serving = readServing(words);
  const write = streamOutput(process.stdout);
  // Whoever read the log may be gone: that is no reason to end, nor one to log about.
  process.stdout.on('error', () => undefined);
  if (serving.version) return write(`FerryDNS-${version}\n${platform(process)}`);
  if (serving.plugins) return write(names(registry).join('\n'));
  const output = serving.quiet ? () => {} : write;
  const exit = (status: number) => {
    if (serving.pidfile !== undefined) rmSync(serving.pidfile, { force: true });
    // Lines that are waiting for the end of the turn are written first.
    setImmediate(() => process.exit(status));
  };
  const server = new Server({ source: sourceOf(serving.conf), registry, output: write, dnsPort: serving.port, exit });
  if (serving.pidfile !== undefined) writeFileSync(serving.pidfile, `${process.pid}\n`);
  obeySignals(server, process, exit);
  surviveStrayErrors(server, process);
  await server.start().catch((error: unknown) => {
    // Whatever a plugin has left open must not keep up a process that serves nothing.
    exit(server.stopping ? 0 : 1);
    throw error;
  });
  for (const line of server.served()) output(line);
  for (const line of chosenPorts(server, serving.port)) output(line);
  output(
    `FerryDNS-${version}\n${platform(process)}, UDP ${server.listening().find(({ kind }) => kind !== undefined)?.kind ?? 'closed'}${workers(server)}`,
  );
}

function sourceOf(conf: string | undefined): ConfigurationSource {
  if (conf === undefined) return defaultSource();
  return conf === 'stdin' ? textSource(readFileSync(0, 'utf8'), 'stdin') : fileSource(conf);
}

/** SIGTERM and SIGINT stop gracefully, a second SIGINT at once; SIGHUP and SIGUSR1 reload. */
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
