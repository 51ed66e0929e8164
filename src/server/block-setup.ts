// Makes the server blocks of a configuration: decodes every directive by its plugin's grammar and sets the instances up, touching nothing outside.
import { createHash, type Hash } from 'node:crypto';
import { resolve } from 'node:path';
import { type Decoded, decodeAll } from '../config/decode.ts';
import { ConfigError, ConfigErrors, formatWarning, nearest, type Place } from '../config/error.ts';
import type { ConfigSpec } from '../config/grammar.ts';
import { hashTree, type ServerBlock, type Tree, type Word } from '../config/tree.ts';
import type { FilesRead } from '../config/watched-file.ts';
import { parseKey, type ZoneKey } from '../config/zone-key.ts';
import type { Name } from '../dns/name.ts';
import type { Query } from '../dns/query.ts';
import { makeLogger, objectLine, plainLine } from '../log/logger.ts';
import type { Plugin } from '../plugin/definition.ts';
import type { BlockSettings, SetupContext } from '../plugin/plugin.ts';
import { type ListenerTransport, listenerTransports } from '../transport/transports.ts';
import { type Block, type Choice, problemOf, type ServedKey, type SetUp, type SetupEnvironment, serverName, type Use } from './block.ts';
import { checkInstance } from './instance-check.ts';
import { loadPlugins, type Registry } from './registry.ts';
import { within } from './within.ts';

/** Sets every block up. Plugins are set up in the order of the registry over all blocks, so that what `root` and `bind` state is known to those behind them. */
export async function setUpBlocks(tree: Tree, environment: SetupEnvironment & { readonly files: FilesRead }): Promise<SetUp> {
  const problems: ConfigError[] = [];
  const warnings: string[] = [];
  const sources = new Map<string, string>();
  const drafts = tree.blocks.map((block) => makeDraft(block, environment, problems));
  // The names of plugins that could not be loaded are known words; why they could not be loaded is reported already.
  const named = new Set(tree.global?.directives.flatMap(({ args }) => args.slice(0, 1).map(({ text }) => text)));
  for (const draft of drafts) problems.push(...unknownDirectives(draft.block, environment.registry, named));
  for (const plugin of await loadPlugins(environment.registry, tree)) {
    for (const draft of drafts) await new PluginSetup(plugin, draft, environment, { problems, warnings, sources, files: environment.files }).run();
  }
  const blocks = drafts.map(finished);
  return { blocks, problems, warnings, sources };
}

/** Views tell blocks with the same keys apart; where they have none, or the same, their order does. */
function finished({ keys, uses, settings, block }: BlockDraft, index: number, drafts: readonly BlockDraft[]): Block {
  const name = nameOf(drafts[index] as BlockDraft);
  const alike = drafts.slice(0, index).filter((draft) => nameOf(draft) === name).length;
  const identified = uses.map((use) => ({ ...use, identity: JSON.stringify([name, alike, use.plugin.name, use.identity]) }));
  return { keys, uses: identified, settings, place: block.place, hash: hashTree({ blocks: [block] }), choice: choiceOf(uses) };
}

function nameOf({ block, settings }: BlockDraft): string {
  return JSON.stringify([block.keys.map(({ text }) => text), (settings as BlockSettings).view ?? '']);
}

function choiceOf(uses: readonly Use[]): Choice {
  const collectors = uses.flatMap(({ instance }) => (instance.collect === undefined ? [] : [instance.collect.bind(instance)]));
  const views = uses.flatMap(({ instance }) => (instance.admits === undefined ? [] : [instance.admits.bind(instance)]));
  const [view] = views;
  const [admitsFrom] = uses.flatMap(({ instance }) =>
    instance.admits === undefined || instance.admitsFrom === undefined ? [] : [instance.admitsFrom],
  );
  return {
    ...(collectors.length === 0 ? {} : { collect: inTurn(collectors) }),
    ...(view === undefined ? {} : { admits: views.length === 1 ? view : (query) => views.every((admits) => admits(query)) }),
    ...(admitsFrom === undefined ? {} : { admitsFrom }),
  };
}

function inTurn(collectors: readonly ((query: Query) => void)[]): (query: Query) => void {
  return (query) => {
    for (const collect of collectors) collect(query);
  };
}

/** What is wrong or odd about a configuration, while it is read. */
interface Findings {
  readonly problems: ConfigError[];
  readonly warnings: string[];
  readonly sources: Map<string, string>;
  readonly files: FilesRead;
}

/** A server block while its plugins are set up. */
interface BlockDraft {
  readonly block: ServerBlock;
  readonly keys: readonly ServedKey[];
  readonly uses: Use[];
  readonly settings: Record<string, unknown>;
  readonly stated: Map<string, Place>;
}

function makeDraft(block: ServerBlock, environment: SetupEnvironment, problems: ConfigError[]): BlockDraft {
  const keys = block.keys.flatMap((word) => {
    try {
      return served(word, parseKey(word, { dnsPort: environment.dnsPort }));
    } catch (error) {
      problems.push(error as ConfigError);
      return [];
    }
  });
  return { block, keys, uses: [], settings: {}, stated: new Map() };
}

function served(word: Word, keys: readonly ZoneKey[]): readonly ServedKey[] {
  return keys.map((key) => {
    const { transport } = key;
    if (isServed(transport)) return { ...key, transport };
    const instead = transport === 'https3' ? 'https://' : 'tls://';
    const why = 'Node has no QUIC, and with no library for it does a client that fails leave the others alone (docs/architecture.md#quic)';
    throw new ConfigError(`transport ${transport}:// is not served: ${why}; serve ${instead} instead`, {
      place: word.place,
      expected: listenerTransports.map((each) => `${each}://`).join(', '),
    });
  });
}

function isServed(transport: string): transport is ListenerTransport {
  return (listenerTransports as readonly string[]).includes(transport);
}

function unknownDirectives(block: ServerBlock, registry: Registry, named: ReadonlySet<string>): ConfigError[] {
  const known = new Set(registry.plugins.map(({ name }) => name));
  return block.directives.flatMap(({ name }) => (known.has(name.text) || named.has(name.text) ? [] : [unknownDirective(name, registry, known)]));
}

function unknownDirective({ text, place }: Word, { absent, former = {} }: Registry, known: Iterable<string>): ConfigError {
  const instead = own(absent, text);
  if (instead !== undefined) return new ConfigError(`plugin '${text}' is known to CoreDNS, but ferrydns does not have it yet: ${instead}`, { place });
  const now = own(former, text);
  if (now !== undefined) return new ConfigError(`Unknown directive '${text}'`, { place, expected: `${now}: CoreDNS has taken '${text}' out` });
  return new ConfigError(`Unknown directive '${text}'`, { place, suggestion: nearest(text, known) });
}

function own(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Sets one plugin up in one block. */
class PluginSetup {
  private readonly plugin: Plugin;
  private readonly draft: BlockDraft;
  private readonly environment: SetupEnvironment;
  private readonly findings: Findings;

  constructor(plugin: Plugin, draft: BlockDraft, environment: SetupEnvironment, findings: Findings) {
    this.plugin = plugin;
    this.draft = draft;
    this.environment = environment;
    this.findings = findings;
  }

  async run(): Promise<void> {
    const { plugin, draft, findings } = this;
    const directives = draft.block.directives.filter(({ name }) => name.text === plugin.name);
    if (directives.length === 0) return;
    // Relative file names start at its `root`.
    const words = hashTree({
      blocks: [{ ...draft.block, directives: draft.block.directives.filter(({ name }) => [plugin.name, 'root'].includes(name.text)) }],
    });
    for (const [position, decoded] of decodeAll(directives, plugin.config, plugin.name).entries()) {
      findings.problems.push(...decoded.problems);
      findings.warnings.push(...decoded.warnings);
      if (decoded.options !== undefined) await this.setUp(decoded, { position, hash: createHash('sha256').update(words) });
    }
  }

  private async setUp(decoded: Decoded<ConfigSpec>, { position, hash }: { readonly position: number; readonly hash: Hash }): Promise<void> {
    const { plugin, draft } = this;
    const place = decoded.placeOf();
    try {
      const instance = await within(
        { plugin, place },
        'setup',
        () => plugin.setup(decoded.options, this.context(decoded, hash)),
        this.environment.stopping,
      );
      checkInstance(instance);
      draft.uses.push({ plugin, instance, place, identity: String(position), fingerprint: hash.digest('base64') });
      this.state(instance.settings ?? {}, place);
    } catch (error) {
      this.findings.problems.push(...(error instanceof ConfigErrors ? error.problems : [problemOf(error, { plugin, place })]));
    }
  }

  /** Adds what an instance states about its block; two that differ are a problem. */
  private state(settings: BlockSettings, place: Place): void {
    const { draft } = this;
    const { limits = {}, ...others } = settings;
    this.stateAll(others, draft.settings, (name) => ({ name, place }));
    // Each transport has limits of its own, which plugins of their own state.
    const all = { ...(draft.settings as BlockSettings).limits };
    this.stateAll(limits, all, (transport) => ({ name: `limits of ${transport}`, place }));
    if (Object.keys(all).length > 0) draft.settings['limits'] = all;
  }

  private stateAll(stated: object, settings: Record<string, unknown>, called: (key: string) => { name: string; place: Place }): void {
    const { draft, plugin } = this;
    for (const [key, value] of Object.entries(stated)) {
      const { name, place } = called(key);
      const before = draft.stated.get(name);
      if (before !== undefined && JSON.stringify(settings[key]) !== JSON.stringify(value)) {
        const message = `'${name}' is stated already at ${before.file}:${before.line}`;
        this.findings.problems.push(new ConfigError(message, { place, plugin: plugin.name }));
      }
      settings[key] = value;
      draft.stated.set(name, place);
    }
  }

  private context(decoded: Decoded<ConfigSpec>, hash: Hash): SetupContext {
    const { plugin, draft, environment, findings } = this;
    const placeOf = (at?: Word | string) => (typeof at === 'object' ? at.place : decoded.placeOf(at));
    const { keys, settings } = draft;
    const { transport, port } = keys[0] ?? { transport: 'dns', port: environment.dnsPort };
    const path = (file: string) => resolve(environment.directory, (settings as BlockSettings).root ?? '', file);
    return {
      zones: keys.map(({ zone }) => zone).filter((zone, i, all) => all.indexOf(zone) === i) as Name[],
      server: serverName(transport, (settings as BlockSettings).addresses?.[0] ?? '', port),
      port,
      log: makeLogger(environment.output, environment.logging, plugin.name),
      logLine: (line) => environment.output(plainLine(environment.logging.form, line)),
      logObject: (fields) => environment.output(objectLine(environment.logging.form, fields)),
      plainLog: makeLogger(environment.output, environment.logging),
      metrics: environment.metrics,
      now: environment.now,
      memoryLimit: environment.memoryLimit,
      path,
      read: (file) => {
        const content = findings.files.read(path(file));
        hash.update(content);
        return content;
      },
      fail(message, at) {
        throw new ConfigError(message, { place: placeOf(at), plugin: plugin.name });
      },
      warn: (message, at) => void findings.warnings.push(formatWarning(placeOf(at), message, plugin.name)),
      source: (file, text) => void findings.sources.set(file, text),
    };
  }
}
