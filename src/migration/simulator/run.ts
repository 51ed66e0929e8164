// What is simulated, and how it stands while the simulation runs.
import { place, type Steering } from '../answers.ts';
import type { MovedName, Plan } from '../plan.ts';
import type { Command } from '../state.ts';
import { type Cache, type Chain, cachesOf, chainOf, fill } from './caches.ts';
import { type Record, recordFor } from './outcome.ts';
import { A, FOREVER, fine, NEVER, NOTHING, type Population, population, randomFrom, STRETCHES } from './population.ts';
import { type FenceRun, mixingUpstream, type VirtualServer, virtualServer } from './server.ts';

/**
 * `spread`: clients ask whenever their caches have run out, and these run out at times spread evenly. `step`: they all run out in the same moment.
 * `poisson`: clients come one after the other, `rate` per second all together; each stays for as long as its answer is good, and goes.
 */
export type Arrival = { readonly kind: 'spread' | 'step' } | { readonly kind: 'poisson'; readonly rate: number };

/** Times are seconds of the simulation; the move is started at 0 unless `commands` say otherwise. */
export interface Simulation {
  readonly plan: Plan;
  readonly clients: number;
  readonly seed: number;
  /** How long is simulated. */
  readonly until: number;
  readonly arrival?: Arrival;
  /** The thing moved is the DNS service itself: a client asks the server whose address it holds (DNS A has role old, DNS B new). */
  readonly dnsService?: boolean;
  /** Those of the plan unless given. */
  readonly caches?: readonly Cache[];
  /** Share of clients whose own resolver stretches every TTL to `stretch` seconds, and of those that never ask again. */
  readonly violators?: number;
  readonly stretch?: number;
  readonly forever?: number;
  readonly commands?: readonly { readonly at: number; readonly verb: Command['verb'] }[];
  readonly fenceTakes?: FenceRun;
  /** B is down in between. */
  readonly outage?: { readonly from: number; readonly to: number };
  /** No plan: an upstream hands out A and B by chance for so long, and B from then on. */
  readonly mixed?: number;
}

/** What changes while the simulation runs. */
export interface Run {
  readonly options: Simulation;
  readonly people: Population;
  readonly chain: Chain;
  readonly servers: { readonly a: VirtualServer; readonly b: VirtualServer };
  readonly random: () => number;
  /** Where each asker stands in a canary: a client, or after all clients the shared cache next to the server. */
  readonly places: Float32Array | null;
  /** Tick in which an asker that has no answer yet has asked; -1: none is waited for. */
  readonly askedAt: Int32Array;
  /** Tick of the last query of a shared cache next to the server. */
  readonly countedAt: Int32Array;
  readonly record: Record;
  /** Clients without use, on A and on B. */
  readonly users: [number, number, number];
  readonly steering: { a: Steering; b: Steering };
  /** Share of clients that pick B when they are given A and B. */
  readonly pickB: number;
  /** Seconds. */
  readonly hold: number;
  readonly negative: number;
  tick: number;
  /** The next client to come, in ticks; NEVER: nobody comes, everybody is there. */
  comes: number;
  /** The TTL of the answer that was looked up last, in ticks. */
  ttl: number;
  bDown: boolean;
  shut: boolean;
}

export function prepared(options: Simulation): Run {
  const { clients, plan, until, seed } = options;
  const caches = options.caches ?? cachesOf(plan);
  const stretch = (options.violators ?? 0) > 0 ? (options.stretch ?? 0) : null;
  const chain = chainOf(caches, { clients, stretch, busy: options.arrival?.kind === 'poisson' ? 0 : until * fine });
  const ttl = plan.ttl ?? plan.transitionTtl;
  const only = options.mixed === undefined ? undefined : mixingUpstream(ttl, options.mixed);
  const a = only ?? virtualServer(options.dnsService === true ? { ...plan, role: 'old' } : plan, options.fenceTakes);
  const b = options.dnsService === true && only === undefined ? virtualServer({ ...plan, role: 'new' }, options.fenceTakes) : a;
  const cells = chain.layers[0]?.cache.shared ?? 0;
  const run: Run = {
    options,
    people: population(clients, until * fine),
    chain,
    servers: { a, b },
    random: randomFrom(seed),
    places: plan.canary.length > 0 ? Float32Array.from({ length: clients + cells }, (_, asker) => place(`client ${asker}`, plan.name)) : null,
    askedAt: new Int32Array(clients + cells).fill(-1),
    countedAt: new Int32Array(cells).fill(-1),
    record: recordFor(until),
    users: [clients, 0, 0],
    steering: { a: a.steering, b: b.steering },
    pickB: plan.names.length === 0 ? 0.5 : Math.min(...plan.names.map(shareOfB)),
    hold: plan.hold,
    negative: Math.max(1, ...caches.map(({ negative }) => negative ?? 1)),
    tick: 0,
    comes: NEVER,
    ttl: 0,
    bDown: false,
    shut: false,
  };
  populate(run, ttl * fine);
  startCaches(run);
  return run;
}

function shareOfB({ from, to }: MovedName): number {
  return to.length / (from.length + to.length);
}

/** Everybody is on A, as long before the move. Of visitors only as many as are there at one time. */
function populate(run: Run, ttl: number): void {
  const { options, people, random, chain, users } = run;
  const { clients, arrival = { kind: 'spread' } } = options;
  const lives = arrival.kind === 'step' ? { honest: 1, violators: 1 } : fill(chain, ttl, random);
  const away = arrival.kind === 'poisson' ? (clients / arrival.rate) * fine : 0;
  // Clients that are due together are neighbours in memory, which makes a million of them several times as fast.
  const ages = Float64Array.from({ length: clients }, random).sort();
  for (let client = 0; client < clients; client++) {
    const manner = mannerOf(options, random());
    people.manner[client] = manner;
    const life = manner === FOREVER ? NEVER : manner === STRETCHES ? lives.violators : lives.honest;
    if (away > 0 && random() * (life + away) >= life) continue;
    people.holds[client] = people.uses[client] = people.met[client] = A;
    users[NOTHING]--;
    users[A]++;
    if (life < NEVER) people.calendar.put(client, Math.floor((ages[client] ?? 0) * life));
  }
  if (arrival.kind === 'poisson') run.comes = -Math.log(1 - random()) * (fine / arrival.rate);
}

function startCaches({ chain, people }: Run): void {
  for (const { calendar, until, violators } of chain.layers) {
    if (calendar === null) continue;
    for (let client = 0; client < until.length; client++) {
      if (!violators || people.manner[client] === STRETCHES) calendar.put(client, until[client] ?? 0);
    }
  }
}

function mannerOf({ forever = 0, violators = 0 }: Simulation, draw: number): number {
  if (draw < forever) return FOREVER;
  return draw < forever + violators ? STRETCHES : 0;
}
