// By which listeners and server blocks queries for a name are answered.
import type { Name } from '../dns/name.ts';
import type { Way } from '../plugin/plugin.ts';
import type { Answering } from './responder.ts';

export interface Listener {
  readonly name: string;
  readonly answering: Pick<Answering, 'router'>;
}

/** Every way by which queries for a name are answered, for every type but DS. */
export function waysOf(name: Name, listeners: readonly Listener[]): readonly Way[] {
  return listeners.flatMap(({ name: server, answering: { router } }) =>
    router.candidates(name).flatMap(({ chain, route: { zone }, place, uses }) => (chain === undefined ? [] : [{ server, zone, place, uses }])),
  );
}
