// The plugins a server knows, in the order in which a query passes them. Each is loaded when a configuration names it: what nobody uses costs neither
// time at the start nor memory.
import type { Tree } from '../config/tree.ts';
import type { Plugin } from '../plugin/definition.ts';

/** The ordered list of plugins; the order of directives in a Corefile means nothing. */
export interface Registry {
  readonly plugins: readonly ListedPlugin[];
  /** Plugins of CoreDNS that are not there yet, each with what to do until they are. */
  readonly absent: Readonly<Record<string, string>>;
  /** The plugins that were added from outside, by name. */
  readonly guests?: readonly string[];
  /** Plugins that CoreDNS had once, each with what is expected instead. */
  readonly former?: Readonly<Record<string, string>>;
}

/** A plugin by its name, which is its directive's. */
export interface ListedPlugin {
  readonly name: string;
  load(): Promise<Plugin>;
}

/** The list of a record, in its order: names of plugins, and for each the import of its module. */
export function listed(modules: Readonly<Record<string, () => Promise<{ readonly default: Plugin }>>>): readonly ListedPlugin[] {
  return Object.entries(modules).map(([name, load]) => ({ name, load: async () => (await load()).default }));
}

/** Loads the plugins that a configuration names, or all; in the order of the chain. */
export async function loadPlugins({ plugins }: Registry, tree?: Tree): Promise<Plugin[]> {
  const named = new Set(tree?.blocks.flatMap(({ directives }) => directives.map(({ name }) => name.text)));
  const wanted = tree === undefined ? plugins : plugins.filter(({ name }) => named.has(name));
  return await Promise.all(wanted.map((plugin) => plugin.load()));
}

/** A registry with one more plugin, before or after another one. Throws an Error when the name is taken or the neighbour unknown. */
export function withPlugin(registry: Registry, plugin: Plugin, place: { readonly before: string } | { readonly after: string }): Registry {
  const { plugins } = registry;
  const { name } = plugin;
  if (plugins.some((each) => each.name === name)) throw new Error(`a plugin named '${name}' exists already`);
  const neighbour = 'before' in place ? place.before : place.after;
  const at = plugins.findIndex((each) => each.name === neighbour);
  if (at === -1) throw new Error(`no plugin named '${neighbour}' to stand beside`);
  const guest: ListedPlugin = { name, load: async () => plugin };
  return { ...registry, guests: [...(registry.guests ?? []), name], plugins: plugins.toSpliced('before' in place ? at : at + 1, 0, guest) };
}
