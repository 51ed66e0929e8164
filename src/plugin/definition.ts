// How a plugin is made of its definition: name, grammar, place in the chain, and how an instance is set up.
import { nearest } from '../config/error.ts';
import type { ConfigSpec, OptionsOf } from '../config/grammar.ts';
import type { Awaitable } from './awaitable.ts';
import type { Instance, SetupContext } from './plugin.ts';

/** Milliseconds until a promise that a plugin has given is not waited for any longer. */
export interface Deadlines {
  /** Of `setup`, `examine` and the loading of the module: 30 seconds unless given. The configuration is then refused. */
  readonly setup: number;
  /** Of `start`: 30 seconds unless given. The configuration is then refused. */
  readonly start: number;
  /** Of `stop`: 5 seconds unless given. That is logged, and the others are stopped. */
  readonly stop: number;
}

const usualDeadlines: Deadlines = { setup: 30_000, start: 30_000, stop: 5000 };

/** What a plugin is made of: its name, the grammar of its directive, and how an instance is set up. */
export interface PluginDefinition<S extends ConfigSpec> {
  /** The directive's name in the Corefile. */
  readonly name: string;
  readonly summary: string;
  readonly config: S;
  /** Where a plugin from outside stands in the chain; the Corefile may say otherwise. */
  readonly order?: { readonly before: string } | { readonly after: string };
  /** Where the usual {@link Deadlines} are too short for it. */
  readonly deadlines?: Partial<Deadlines>;
  setup(options: OptionsOf<S>, context: SetupContext): Awaitable<Instance>;
}

const brand = Symbol.for('ferrydns.plugin');
const apiVersion = 1;

/** A plugin as the registry holds it. */
export interface Plugin {
  readonly name: string;
  readonly summary: string;
  readonly config: ConfigSpec;
  readonly order?: { readonly before: string } | { readonly after: string };
  readonly apiVersion: number;
  readonly deadlines: Deadlines;
  setup(options: unknown, context: SetupContext): Awaitable<Instance>;
}

/** What a definition may hold, and must where it is not optional. */
const definitionMembers = { name: 'string', summary: 'string', config: 'object', setup: 'function', order: undefined, deadlines: undefined };

function checkDefinition(definition: object): void {
  for (const name of Object.keys(definition)) {
    if (Object.hasOwn(definitionMembers, name)) continue;
    const meant = nearest(name, Object.keys(definitionMembers));
    const hint = meant === undefined ? `expected ${Object.keys(definitionMembers).join(', ')}` : `did you mean '${meant}'?`;
    throw new Error(`definePlugin: found '${name}', ${hint}`);
  }
  for (const [name, expected] of Object.entries(definitionMembers)) {
    const found = typeof (definition as Record<string, unknown>)[name];
    if (expected !== undefined && found !== expected) throw new Error(`definePlugin: '${name}' is ${found}, expected ${expected}`);
  }
}

/** Makes a plugin of its definition. Throws an Error when something is missing in that, or is named wrongly. */
export function definePlugin<const S extends ConfigSpec>(definition: PluginDefinition<S>): Plugin {
  checkDefinition(definition);
  const { name, summary, config, order, deadlines } = definition;
  const plugin: Plugin = {
    name,
    summary,
    config,
    apiVersion,
    deadlines: { ...usualDeadlines, ...deadlines },
    setup: (options, context) => definition.setup(options as OptionsOf<S>, context),
    ...(order === undefined ? {} : { order }),
  };
  return Object.assign(plugin, { [brand]: true });
}

/** Whether a value is a plugin made by {@link definePlugin} of this API version, of this or another copy of the module. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && brand in value && (value as unknown as Plugin).apiVersion === apiVersion;
}
