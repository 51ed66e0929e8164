// Where answers came from: listener, zone, view, and the plugin that answered. An event has the number of its origin in this process.
import type { QueryEvent } from 'ferrydns/built-in';
import { perRoute, type Query } from 'ferrydns/plugin';

export type Origin = Pick<QueryEvent, 'server' | 'zone' | 'view' | 'plugin'>;

/** The origins of this process by their numbers. There are no more than listeners, zones, views and plugins make. */
const origins: Origin[] = [];
const numbers = new Map<string, number>();

export function originAt(number: number): Origin {
  return origins[number] as Origin;
}

/** The number of an origin; the next one, if it is new. */
export function originNumber({ server, zone, view, plugin }: Origin): number {
  const key = [server, zone, view, plugin].join('\0');
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, origins.length);
  return origins.push({ server, zone, view, plugin }) - 1;
}

/** The plugins that have answered for a route: seldom more than two or three. */
interface Known {
  readonly plugin: string;
  readonly number: number;
  readonly next: Known | undefined;
}

/** Finds the origins of the answers of one log. */
export class Origins {
  private readonly ofRoute = perRoute((): { known: Known | undefined } => ({ known: undefined }));

  /** The number of the origin of an answer. */
  numberOf(query: Query): number {
    const found = this.ofRoute(query);
    const { answeredBy: plugin } = query.exchange;
    for (let { known } = found; known !== undefined; known = known.next) if (known.plugin === plugin) return known.number;
    const { server, zone, view } = query.route;
    const number = originNumber({ server, zone, view, plugin });
    found.known = { plugin, number, next: found.known };
    return number;
  }
}
