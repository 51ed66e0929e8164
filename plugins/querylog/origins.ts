// Where an answer came from, as octets that are made once: listener, zone, view, and the plugin that answered.
import { perRoute, type Query, type Route } from 'ferrydns/plugin';

/** Stands between two texts. */
export const separator = '\0';
/** Octets of an origin at most: a longer one is cut. */
const mostOctets = 1000;

/** The plugins that have answered for a route: seldom more than two or three. */
interface Known {
  readonly plugin: string;
  readonly octets: Uint8Array;
  readonly next: Known | undefined;
}

export class Origins {
  private readonly ofRoute: (query: Query) => { readonly route: Route; known: Known | undefined } = perRoute((route) => ({
    route,
    known: undefined,
  }));

  of(query: Query): Uint8Array {
    const found = this.ofRoute(query);
    const { answeredBy } = query.exchange;
    for (let { known } = found; known !== undefined; known = known.next) if (known.plugin === answeredBy) return known.octets;
    const { server, zone, view } = found.route;
    const octets = Buffer.from([server, zone, view, answeredBy].join(separator)).subarray(0, mostOctets);
    found.known = { plugin: answeredBy, octets, next: found.known };
    return octets;
  }
}
