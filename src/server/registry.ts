// The plugins a server knows, in the order in which a query passes them.
import type { Plugin } from '../plugin/definition.ts';

/** The ordered list of plugins; the order of directives in a Corefile means nothing. */
export interface Registry {
  readonly plugins: readonly Plugin[];
  /** Plugins of CoreDNS that are not there yet, each with what to do until they are. */
  readonly absent: Readonly<Record<string, string>>;
  /** The plugins that were added from outside, by name. */
  readonly guests?: readonly string[];
  /** Plugins that CoreDNS had once, each with what is expected instead. */
  readonly former?: Readonly<Record<string, string>>;
}

/** A registry with one more plugin, before or after another one. Throws an Error when the name is taken or the neighbour unknown. */
export function withPlugin(registry: Registry, plugin: Plugin, place: { readonly before: string } | { readonly after: string }): Registry {
  const { plugins } = registry;
  if (plugins.some(({ name }) => name === plugin.name)) throw new Error(`a plugin named '${plugin.name}' exists already`);
  const neighbour = 'before' in place ? place.before : place.after;
  const at = plugins.findIndex(({ name }) => name === neighbour);
  if (at === -1) throw new Error(`no plugin named '${neighbour}' to stand beside`);
  return { ...registry, guests: [...(registry.guests ?? []), plugin.name], plugins: plugins.toSpliced('before' in place ? at : at + 1, 0, plugin) };
}
