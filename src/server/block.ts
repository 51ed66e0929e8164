// What a server block is once its instances are set up, and what setting them up needs.
import { ConfigError, messageOf, type Place } from '../config/error.ts';
import type { ZoneKey } from '../config/zone-key.ts';
import type { Network } from '../dns/network.ts';
import type { Query } from '../dns/query.ts';
import type { LogSwitches, Output } from '../log/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Capability } from '../plugin/capability.ts';
import type { Plugin } from '../plugin/definition.ts';
import type { BlockSettings, Instance } from '../plugin/plugin.ts';
import type { ListenerTransport } from '../transport/transports.ts';
import type { PluginModules } from './plugin-modules.ts';
import type { Registry } from './registry.ts';

/** A plugin in use in a block. */
export interface Use {
  readonly plugin: Plugin;
  readonly instance: Instance;
  /** The first place of its directive. */
  readonly place: Place;
  /** Finds the instance that it replaces at a reload: block, plugin, and number of the use. */
  readonly identity: string;
  /** A hash of the words of its directives, and of the files that it read when it was set up. */
  readonly fingerprint: string;
}

/** A key of a server block whose transport is served. */
export interface ServedKey extends ZoneKey {
  readonly transport: ListenerTransport;
}

/** A server block with its instances set up, in the order of the chain. */
export interface Block {
  readonly keys: readonly ServedKey[];
  readonly uses: readonly Use[];
  readonly settings: BlockSettings;
  readonly place: Place;
  /** A hash of its words: it differs when any of them does. */
  readonly hash: string;
  /** How it is chosen among the blocks of one zone. */
  readonly choice: Choice;
}

/** What is done with a query before its server block is chosen. */
export interface Choice {
  /** Collects metadata; undefined where the block collects none. */
  readonly collect?: (query: Query) => void;
  /** Whether the block answers the query; undefined for a block without a view, which answers all. A throw counts as no. */
  readonly admits?: (query: Query) => boolean;
  /** Where clients have to be for that; undefined: anywhere. */
  readonly admitsFrom?: readonly Network[];
}

/** What setting up needs to know of the process. */
export interface SetupEnvironment {
  readonly registry: Registry;
  readonly dnsPort: number;
  /** Where relative file names start that no `root` says otherwise of. */
  readonly directory: string;
  readonly output: Output;
  readonly logging: LogSwitches;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Octets. */
  readonly memoryLimit: number;
  /** Aborts when the server is to stop: what a plugin has not done by then is not waited for. */
  readonly stopping: AbortSignal;
  /** The code of local plugins. */
  readonly modules: PluginModules;
}

/** The blocks of a configuration, and what is wrong or odd about it. */
export interface SetUp {
  readonly blocks: readonly Block[];
  readonly problems: readonly ConfigError[];
  /** Instances add to them. */
  readonly warnings: readonly string[];
  /** The text of the files that plugins have read themselves, by the name that places use. */
  readonly sources: ReadonlyMap<string, string>;
}

/** What the instances of a block provide of one kind. */
export function provided<T>({ uses }: Block, { label }: Capability<T>): T[] {
  return uses.flatMap(({ instance }) => (instance.provides ?? []).filter((each) => each.label === label).map(({ service }) => service as T));
}

/** The problem that what a plugin has thrown stands for; one without a place is at its directive. */
export function problemOf(error: unknown, { plugin, place }: Pick<Use, 'plugin' | 'place'>): ConfigError {
  return error instanceof ConfigError ? error : new ConfigError(messageOf(error), { place, plugin: plugin.name });
}

/** How metrics and logs name a listener: "dns://:53", "tls://127.0.0.1:853". */
export function serverName(transport: string, address: string, port: number): string {
  return `${transport}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
