// The way of a query: from cache to cache up to the server, and the answer back down with what is left of its TTL.
import type { Steering } from '../answers.ts';
import { kept, type Layer } from './caches.ts';
import { A, B, fine, NEVER, NOTHING, type Side, STRETCHES } from './population.ts';
import type { Run } from './run.ts';
import type { VirtualServer } from './server.ts';

/** Asks the cache of this level, or the server beyond the first; leaves the TTL in the run. */
export function lookUp(run: Run, client: number, level: number): Side {
  const { chain, people, tick } = run;
  const layer = chain.layers[level];
  if (layer === undefined) return fromServer(run, client);
  if (layer.violators && people.manner[client] !== STRETCHES) return lookUp(run, client, level - 1);
  const cell = client % layer.until.length;
  const until = layer.until[cell] ?? 0;
  if (tick < until) {
    run.ttl = until === NEVER ? NEVER : until - tick;
    return (layer.sides[cell] ?? NOTHING) as Side;
  }
  return fetch(run, client, level);
}

/** A cache of a client's own whose answer is over is asked anew at once, by whoever else uses it. One that gets no answer is asked next by the client. */
export function refresh(run: Run): void {
  run.chain.layers.forEach(({ calendar }, level) => {
    calendar?.drain(run.tick, (client) => fetch(run, client, level));
  });
}

function fetch(run: Run, client: number, level: number): Side {
  const side = lookUp(run, client, level - 1);
  const layer = run.chain.layers[level];
  if (side === NOTHING || layer === undefined) return side;
  const cell = client % layer.until.length;
  run.ttl = kept(layer.cache, run.ttl);
  // A cache that is asked anew by others is asked once in a tick, also where it keeps an answer for no time at all.
  const least = layer.calendar === null ? 0 : 1;
  const until = run.ttl === NEVER ? NEVER : run.tick + Math.max(least, run.ttl);
  layer.sides[cell] = side;
  layer.until[cell] = until;
  layer.calendar?.put(client, until);
  return side;
}

/** The shared cache next to the server asks it, or else the client. DNS B is asked when it is what the asker was last led to and it is well. */
function fromServer(run: Run, client: number): Side {
  const { servers, people, options, chain, bDown } = run;
  const shared = sharedBy(chain.layers[0]);
  const cell = shared === undefined ? 0 : client % shared.until.length;
  const asker = shared === undefined ? client : options.clients + cell;
  const toB = options.dnsService === true && !bDown && (shared === undefined ? people.holds[client] : shared.sides[cell]) === B;
  const how = toB ? run.steering.b : run.steering.a;
  const side = drawn(run, asker, how);
  countQuery(run, { asker, toB, answered: side !== NOTHING });
  if (side === NOTHING || how.kind === 'silent') return NOTHING;
  run.ttl = how.ttl * fine;
  note(toB ? servers.b : servers.a, how, side);
  return side;
}

function sharedBy(layer: Layer | undefined): Layer | undefined {
  return layer !== undefined && layer.cache.shared > 0 ? layer : undefined;
}

/** A query that is being held is one query, also where many wait behind one cache; what these ask in the same moment is one query as well. */
function countQuery(run: Run, { asker, toB, answered }: { readonly asker: number; readonly toB: boolean; readonly answered: boolean }): void {
  const { record, askedAt, countedAt, tick, options, people } = run;
  const mayWait = asker >= options.clients || people.uses[asker] === NOTHING;
  const since = mayWait ? (askedAt[asker] ?? -1) : -1;
  const cell = asker - options.clients;
  const fresh = (since < 0 || tick - since > run.hold * fine) && (cell < 0 || countedAt[cell] !== tick);
  const queries = toB ? record.queriesB : record.queriesA;
  if (fresh) queries[record.second] = (queries[record.second] ?? 0) + 1;
  if (cell < 0) return;
  if (fresh) countedAt[cell] = tick;
  if (answered) askedAt[asker] = -1;
  else if (fresh) askedAt[asker] = tick;
}

/** What an answer names counts as handed out, whichever of it the client picks. */
function note(server: VirtualServer, how: Exclude<Steering, { kind: 'silent' }>, side: Side): void {
  const both = how.kind === 'fixed' && how.answer === 'both';
  if (both || side === A) server.hand('from', how.ttl);
  if (both || side === B) server.hand('to', how.ttl);
}

function drawn({ random, places, pickB }: Run, asker: number, how: Steering): Side {
  switch (how.kind) {
    case 'silent':
      return NOTHING;
    case 'weight':
      return random() * 100 < how.share ? B : A;
    case 'canary':
      return (places?.[asker] ?? 1) * 100 < how.share ? B : A;
    case 'fixed':
      return how.answer === 'both' ? pick(random, pickB) : sides[how.answer];
  }
}

/** A plan that answers no more has been given back to an upstream that answers B. */
const sides = { from: A, to: B, pass: B } as const;

/** Of several addresses a client takes any. */
function pick(random: () => number, pickB: number): Side {
  return random() < pickB ? B : A;
}
