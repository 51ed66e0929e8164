// Rendezvous hashing (highest random weight): every client has an order of the members of its own, so a change moves only the clients it must.
import type { Query } from 'ferrydns/plugin';
import { networkOf } from './client-network.ts';

interface Weighted {
  readonly label: string;
  readonly weight: number;
}

/** Outcomes of several members that are kept. */
const mostOutcomes = 1024;

/** Gives each client network the `count` members that it likes best; the share of each is by weight. */
export function byRendezvous<C extends Weighted, T>(
  candidates: readonly C[],
  count: number,
  make: (members: readonly C[]) => T,
): (query: Query) => T {
  const weighed = candidates.some(({ weight }) => weight > 0) ? candidates : candidates.map((candidate) => ({ ...candidate, weight: 1 }));
  const places = weighed.map(({ label, weight }) => ({ hash: hashText(label), weight }));
  const outcomes = new Map<string, T>();
  return ({ client }) => {
    const network = hashText(networkOf(client.address));
    const best = count === 1 ? String(nearest(places, network)) : nearestOf(places, network, count);
    let outcome = outcomes.get(best);
    if (outcome === undefined) {
      if (outcomes.size >= mostOutcomes) outcomes.clear();
      outcome = make(best.split(' ').map((i) => candidates[Number(i)] as C));
      outcomes.set(best, outcome);
    }
    return outcome;
  };
}

interface Place {
  readonly hash: number;
  readonly weight: number;
}

function nearest(places: readonly Place[], network: number): number {
  let best = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < places.length; i++) {
    const distance = distanceOf(places[i] as Place, network);
    if (distance < shortest) {
      shortest = distance;
      best = i;
    }
  }
  return best;
}

function nearestOf(places: readonly Place[], network: number, count: number): string {
  const distances = places.map((place, i) => ({ i, distance: distanceOf(place, network) }));
  distances.sort((a, b) => a.distance - b.distance);
  return distances
    .slice(0, count)
    .map(({ i }) => i)
    .join(' ');
}

/** Exponentially distributed with the weight as its rate: the smallest of several belongs to each in proportion to its weight. */
function distanceOf({ hash, weight }: Place, network: number): number {
  if (weight <= 0) return Number.POSITIVE_INFINITY;
  const uniform = (mix(hash ^ mix(network)) + 0.5) / 2 ** 32;
  return -Math.log(uniform) / weight;
}

/** FNV-1a. Without a secret start: all servers are to agree, and after a restart as before. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The last step of MurmurHash3: every bit of the result depends on every bit given. */
function mix(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
