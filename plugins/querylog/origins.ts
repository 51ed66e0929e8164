// Where an answer came from, made once: listener, zone, view, and the plugin that answered.
import { perRoute, type Query, type Route } from 'ferrydns/plugin';

/** Stands between two texts. */
export const separator = '\0';
/** Octets of an origin at most: a longer one is cut. */
const mostOctets = 1000;

/** The texts of an origin as octets, in whole words: they are copied faster so. */
interface Origin {
  readonly words: Uint32Array;
  /** Octets of the texts. */
  readonly length: number;
}

/** The plugins that have answered for a route: seldom more than two or three. */
interface Known {
  readonly plugin: string;
  readonly origin: Origin;
  readonly next: Known | undefined;
}

export class Origins {
  private readonly ofRoute: (query: Query) => { readonly route: Route; known: Known | undefined } = perRoute((route) => ({
    route,
    known: undefined,
  }));

  of(query: Query): Origin {
    const found = this.ofRoute(query);
    const { answeredBy } = query.exchange;
    for (let { known } = found; known !== undefined; known = known.next) if (known.plugin === answeredBy) return known.origin;
    const { server, zone, view } = found.route;
    const origin = originOf(Buffer.from([server, zone, view, answeredBy].join(separator)).subarray(0, mostOctets));
    found.known = { plugin: answeredBy, origin, next: found.known };
    return origin;
  }
}

/** Words that so many octets take. */
export function wordsFor(octets: number): number {
  return (octets + 3) >> 2;
}

function originOf(octets: Uint8Array): Origin {
  const words = new Uint32Array(wordsFor(octets.length));
  new Uint8Array(words.buffer).set(octets);
  return { words, length: octets.length };
}
