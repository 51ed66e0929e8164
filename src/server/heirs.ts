// Who comes after an instance when a configuration takes the place of another one.
import type { Name } from '../dns/name.ts';
import type { Instance } from '../plugin/plugin.ts';
import type { Use } from './block.ts';
import type { Answering } from './responder.ts';

interface Listener {
  readonly name: string;
  readonly answering: Answering;
}

/** The instances of the same plugin. */
export function alike(uses: readonly Use[], { plugin: { name } }: Use): Instance[] {
  return uses.flatMap(({ plugin, instance }) => (plugin.name === name ? [instance] : []));
}

/** For each listener at which `use` meets the queries for a name now, and a block does then: the instances of its plugin in that block. */
export function heirsOf(use: Use, now: readonly Listener[], then: readonly Listener[]): (name: Name) => readonly (readonly Instance[])[] {
  return (name) => {
    const met = now.filter(({ answering }) => answering.router.candidates(name).some(({ uses }) => uses.includes(use)));
    return met.flatMap((listener) => {
      const next = then.find((each) => each.name === listener.name)?.answering.router.candidates(name) ?? [];
      return next.map(({ uses }) => alike(uses, use));
    });
  };
}
