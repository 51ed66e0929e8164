// A server in this process, made from a Corefile, on loopback and on ports that the system chooses.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isPlugin, type Plugin } from '../plugin/definition.ts';
import { type Explanation, readQuestion } from '../plugin/explanation.ts';
import { fileSource } from '../server/configuration.ts';
import { type Registry, withPlugin } from '../server/registry.ts';
import { Server } from '../server/server.ts';
import { type Answer, type Ask, ask } from './ask.ts';

/** How a test wants its server. */
export interface ServeOptions {
  /** Files to put beside the Corefile, by name; relative names in the Corefile find them. `{{DIR}}` in the Corefile and in them stands for that folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Receives the log, line by line; nothing is printed. */
  readonly output?: (line: string) => void;
  /** Milliseconds on a monotonic clock, for a test that owns time. */
  readonly now?: () => number;
  /** Further plugins; the built-in ones are there. */
  readonly plugins?: readonly (Plugin | PlacedPlugin)[];
  /** Receives the exit status when a plugin ends the process. */
  readonly exit?: (status: number) => void;
}

/** A plugin and where it stands in the chain: where it says itself unless given, else before `cache`. */
export interface PlacedPlugin {
  readonly plugin: Plugin;
  readonly place?: { readonly before: string } | { readonly after: string };
}

/** A running server. `await using` stops it. */
export interface TestServer extends AsyncDisposable {
  readonly address: string;
  /** The first port that is open for DNS, UDP and TCP alike. */
  readonly port: number;
  /** Where the Corefile and the files are. */
  readonly directory: string;
  /** Every line logged so far. */
  readonly lines: readonly string[];
  readonly server: Server;
  /** Asks over UDP, or as the options say. */
  ask(name: string, type?: string, options?: Omit<Ask, 'name' | 'type' | 'port'>): Promise<Answer>;
  /** Says how the answer to a question comes about, as `ferrydns explain` does; asked by 127.0.0.1 unless `client` says otherwise. */
  explain(name: string, type?: string, options?: { readonly client?: string; readonly server?: string }): Promise<Explanation>;
  /** The metrics in the text exposition format. */
  metrics(): Promise<string>;
  /** Replaces the Corefile and loads it; rejects when it is refused. */
  reload(corefile: string): Promise<void>;
  stop(): Promise<void>;
}

const address = '127.0.0.1';

/**
 * Serves a Corefile on 127.0.0.1. A zone without a port gets a free one, the same for UDP and TCP.
 * Rejects with ConfigErrors when the Corefile is refused.
 */
export async function serve(corefile: string, options: ServeOptions = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-'));
  const place = (text: string) => text.replaceAll('{{DIR}}', directory);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), place(text));
  }
  const file = join(directory, 'Corefile');
  writeFileSync(file, place(corefile));
  const lines: string[] = [];
  const output = (line: string) => {
    lines.push(line);
    options.output?.(line);
  };
  const exit = options.exit ?? (() => {});
  const clock = options.now === undefined ? {} : { now: options.now };
  const registry = await registryWith(options.plugins ?? []);
  const server = new Server({ source: fileSource(file), registry, output, directory, dnsPort: 0, defaultAddress: address, exit, ...clock });
  const stop = async () => {
    await server.stop({ lameduck: false });
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const port = server.listening()[0]?.port ?? 0;
  return {
    address,
    port,
    directory,
    lines,
    server,
    ask: (name, type = 'A', how = {}) => ask({ port, name, type, ...how }),
    explain: async (name, type, how) => await server.own.explain(readQuestion({ name, type, ...how })),
    metrics: async () => (await server.expose()).body,
    reload(text) {
      writeFileSync(file, place(text));
      return server.reload();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function registryWith(plugins: NonNullable<ServeOptions['plugins']>): Promise<Registry> {
  // A test runs what the program runs; the program itself never imports this module.
  const { registry } = await import('../../plugins/index.ts');
  return plugins
    .map((each): PlacedPlugin => (isPlugin(each) ? { plugin: each } : each))
    .reduce((extended, { plugin, place }) => withPlugin(extended, plugin, place ?? plugin.order ?? { before: 'cache' }), registry);
}
