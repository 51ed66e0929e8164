// A move before it happens: the real engine, with clients, resolvers, caches and connections around it on a virtual clock.
import { place, type Steering } from '../answers.ts';
import type { Plan } from '../plan.ts';
import type { Command } from '../state.ts';
import { A, B, FOREVER, HONEST, NOTHING, type Population, population, randomFrom, type Side, STRETCHES } from './population.ts';
import { type VirtualServer, virtualServer } from './server.ts';

/** Times are seconds of the simulation; the move is started at 0 unless `commands` say otherwise. */
export interface Simulation {
  readonly plan: Plan;
  readonly clients: number;
  readonly seed: number;
  /** How long is simulated. */
  readonly until: number;
  /** Clients ask one after the other over a whole TTL, or all in the same moment. Default spread. */
  readonly inStep?: boolean;
  /** The thing moved is the DNS service itself: a client asks the server whose address it holds (DNS A has role old, DNS B new). */
  readonly dnsService?: boolean;
  /** An answer is kept so long whatever its TTL (JVM, positive); 0: its TTL. */
  readonly positive?: number;
  /** A failure is kept so long (JVM, negative); a client without such a cache asks again after a second. */
  readonly negative?: number;
  /** Share of clients whose cache stretches every TTL to `stretch` seconds, and of those that never ask again. */
  readonly violators?: number;
  readonly stretch?: number;
  readonly forever?: number;
  /** Caches shared by clients: how many (0: none) and their highest TTL. */
  readonly resolvers?: number;
  readonly resolverCap?: number;
  /** Longest life of a pooled connection. */
  readonly pool?: number;
  readonly commands?: readonly { readonly at: number; readonly verb: Command['verb'] }[];
  readonly fenceTakes?: number | null;
  /** B is down in between. */
  readonly outage?: { readonly from: number; readonly to: number };
}

/** Curves have one value per second. */
export interface Outcome {
  readonly onA: Uint32Array;
  readonly onB: Uint32Array;
  readonly queriesA: Uint32Array;
  readonly queriesB: Uint32Array;
  readonly peakA: number;
  readonly peakB: number;
  readonly phases: readonly { readonly phase: string; readonly at: number }[];
  /** When the last client that will leave A left it; null: some are on A at the end. */
  readonly lastOnA: number | null;
  /** Clients still on A at the end: those that never ask again. */
  readonly stayed: number;
  /** For how long some clients wrote to B while others wrote to an A that was not shut. */
  readonly splitBrain: number;
  /** For how long clients went to an A that was shut. */
  readonly errors: number;
  /** The longest time a client was without an answer. */
  readonly silence: number;
  /** Clients that were given A after B. */
  readonly wentBack: number;
  /** The engine's word on when A may be switched off. */
  readonly horizon: number | null;
  readonly refused: readonly string[];
}

/** Ticks per second. */
const fine = 20;

/** What changes while the simulation runs. */
interface Run {
  readonly options: Simulation;
  readonly people: Population;
  readonly servers: { readonly a: VirtualServer; readonly b: VirtualServer };
  readonly random: () => number;
  readonly places: Float32Array | null;
  readonly resolvers: { readonly side: Uint8Array; readonly until: Int32Array } | null;
  readonly curves: Pick<Outcome, 'onA' | 'onB' | 'queriesA' | 'queriesB'>;
  readonly phases: { phase: string; at: number }[];
  readonly users: [number, number, number];
  readonly steering: { a: Steering; b: Steering };
  tick: number;
  bDown: boolean;
  lastUseOfA: number;
  firstUseOfB: number;
  silence: number;
  wentBack: number;
  horizon: number | null;
}

export function simulate(options: Simulation): Outcome {
  const run = prepared(options);
  const ticks = options.until * fine;
  const visit = (client: number) => ask(run, client);
  for (run.tick = 0; run.tick < ticks; run.tick++) {
    passTime(run);
    run.people.calendar.drain(run.tick, visit);
    if (run.users[A] > 0) run.lastUseOfA = run.tick + 1;
    if (run.users[B] > 0 && run.firstUseOfB < 0) run.firstUseOfB = run.tick;
    if (run.tick % fine === 0) sample(run, run.tick / fine);
  }
  return outcome(run);
}

function prepared(options: Simulation): Run {
  const { clients, plan, until, seed } = options;
  const people = population(clients, until * fine);
  const random = randomFrom(seed);
  const spread = options.inStep === true ? 1 : (plan.ttl ?? plan.transitionTtl) * fine;
  for (let i = 0; i < clients; i++) {
    people.calendar.put(i, Math.floor(random() * spread));
    const draw = random();
    if (draw < (options.forever ?? 0)) people.manner[i] = FOREVER;
    else if (draw < (options.forever ?? 0) + (options.violators ?? 0)) people.manner[i] = STRETCHES;
  }
  const server = virtualServer(options.dnsService === true ? { ...plan, role: 'old' } : plan, options.fenceTakes);
  const other = options.dnsService === true ? virtualServer({ ...plan, role: 'new' }, options.fenceTakes) : server;
  const curve = () => new Uint32Array(until);
  const resolvers = options.resolvers ?? 0;
  return {
    options,
    people,
    servers: { a: server, b: other },
    random,
    places: plan.canary.length > 0 ? Float32Array.from({ length: clients }, (_, i) => place(`client ${i}`, plan.name)) : null,
    resolvers: resolvers === 0 ? null : { side: new Uint8Array(resolvers), until: new Int32Array(resolvers) },
    curves: { onA: curve(), onB: curve(), queriesA: curve(), queriesB: curve() },
    phases: [],
    users: [clients, 0, 0],
    steering: { a: server.steering, b: other.steering },
    tick: 0,
    bDown: false,
    lastUseOfA: 0,
    firstUseOfB: -1,
    silence: 0,
    wentBack: 0,
    horizon: null,
  };
}

/** Engines first, then who asks in this tick. */
function passTime(run: Run): void {
  const { options, servers, tick, steering } = run;
  const seconds = tick / fine;
  const both = servers.a === servers.b ? [servers.a] : [servers.a, servers.b];
  for (const server of both) server.advanceTo(seconds);
  for (const { at, verb } of options.commands ?? [{ at: 0, verb: 'start' as const }]) {
    if (Math.round(at * fine) === tick) for (const server of both) server.command(verb);
  }
  breakB(run, both);
  steering.a = servers.a.steering;
  steering.b = servers.b.steering;
  const { phase } = servers.a;
  if (run.phases.at(-1)?.phase !== phase) run.phases.push({ phase, at: seconds });
  if (phase === 'draining' || phase === 'done') run.horizon = servers.a.horizon ?? run.horizon;
}

function breakB(run: Run, servers: readonly VirtualServer[]): void {
  const { outage } = run.options;
  const seconds = run.tick / fine;
  const down = outage !== undefined && seconds >= outage.from && seconds < outage.to;
  if (down === run.bDown) return;
  run.bDown = down;
  for (const server of servers) server.tell({ kind: 'check', side: 'to', healthy: !down });
}

/** A client asks for the name, through its resolver if it has one, and acts on the answer. */
function ask(run: Run, client: number): void {
  const { people, options, tick } = run;
  const asked = throughResolver(run, client);
  if (asked.side === NOTHING) {
    if ((people.withoutSince[client] ?? -1) < 0) people.withoutSince[client] = tick;
    people.holds[client] = NOTHING;
    use(run, client, NOTHING);
    people.calendar.put(client, tick + (options.negative ?? 1) * fine);
    return;
  }
  const since = people.withoutSince[client] ?? -1;
  if (since >= 0) run.silence = Math.max(run.silence, tick - since);
  people.withoutSince[client] = -1;
  if (asked.side === A && people.holds[client] === B) run.wentBack++;
  people.holds[client] = asked.side;
  use(run, client, asked.side);
  if (people.manner[client] === FOREVER) return;
  people.calendar.put(client, tick + Math.max(1, kept(run, client, asked.ttl)));
}

/** Ticks until the client asks again. */
function kept({ people, options }: Run, client: number, ttlTicks: number): number {
  if ((options.positive ?? 0) > 0) return (options.positive ?? 0) * fine;
  return people.manner[client] === HONEST ? ttlTicks : Math.max(ttlTicks, (options.stretch ?? 0) * fine);
}

/** A pooled connection stays where it leads until its life is over. */
function use({ people, options, users, tick }: Run, client: number, side: Side): void {
  const before = (people.uses[client] ?? NOTHING) as Side;
  const pool = (options.pool ?? 0) * fine;
  if (pool > 0 && before !== NOTHING && tick < (people.connectedUntil[client] ?? 0)) return;
  people.connectedUntil[client] = tick + pool;
  if (before === side) return;
  users[before]--;
  users[side]++;
  people.uses[client] = side;
}

interface Asked {
  readonly side: Side;
  /** Ticks. */
  readonly ttl: number;
}

function throughResolver(run: Run, client: number): Asked {
  const { resolvers, options, tick } = run;
  if (resolvers === null) return fromServer(run, client);
  const resolver = client % resolvers.side.length;
  const until = resolvers.until[resolver] ?? 0;
  if (tick < until) return { side: (resolvers.side[resolver] ?? NOTHING) as Side, ttl: until - tick };
  const fresh = fromServer(run, client);
  const ttl = Math.min(fresh.ttl, (options.resolverCap ?? Number.POSITIVE_INFINITY) * fine);
  resolvers.side[resolver] = fresh.side;
  resolvers.until[resolver] = fresh.side === NOTHING ? 0 : tick + ttl;
  return { side: fresh.side, ttl };
}

/** DNS B when the client has come to use it and it is well, else DNS A. */
function fromServer(run: Run, client: number): Asked {
  const { servers, people, options, tick, curves, bDown } = run;
  const toB = options.dnsService === true && people.uses[client] === B && !bDown;
  const second = Math.floor(tick / fine);
  const queries = toB ? curves.queriesB : curves.queriesA;
  queries[second] = (queries[second] ?? 0) + 1;
  const how = toB ? run.steering.b : run.steering.a;
  const side = drawn(run, client, how);
  if (side === NOTHING || how.kind === 'silent') return { side: NOTHING, ttl: 0 };
  note(toB ? servers.b : servers.a, how, side);
  return { side, ttl: how.ttl * fine };
}

/** What an answer names counts as handed out, whichever of it the client picks. */
function note(server: VirtualServer, how: Exclude<Steering, { kind: 'silent' }>, side: Side): void {
  const both = how.kind === 'fixed' && how.answer === 'both';
  if (both || side === A) server.hand('from', how.ttl);
  if (both || side === B) server.hand('to', how.ttl);
}

function drawn({ random, places }: Run, client: number, how: Steering): Side {
  switch (how.kind) {
    case 'silent':
      return NOTHING;
    case 'weight':
      return random() * 100 < how.share ? B : A;
    case 'canary':
      return (places?.[client] ?? 1) * 100 < how.share ? B : A;
    case 'fixed':
      return how.answer === 'both' ? pick(random) : sides[how.answer];
  }
}

const sides = { from: A, to: B, pass: NOTHING } as const;

/** Of two addresses a client takes either. */
function pick(random: () => number): Side {
  return random() < 0.5 ? A : B;
}

function sample({ curves, users }: Run, second: number): void {
  curves.onA[second] = users[A];
  curves.onB[second] = users[B];
}

function outcome(run: Run): Outcome {
  const { curves, users, servers, phases, firstUseOfB, lastUseOfA } = run;
  const fencedAt = servers.a.fencedAt;
  const overlap = firstUseOfB < 0 ? 0 : Math.max(0, lastUseOfA - firstUseOfB) / fine;
  const shutInTime = fencedAt !== null && fencedAt * fine <= firstUseOfB;
  return {
    ...curves,
    peakA: peak(curves.queriesA),
    peakB: peak(curves.queriesB),
    phases,
    lastOnA: users[A] > 0 ? null : lastUseOfA / fine,
    stayed: users[A],
    splitBrain: shutInTime ? 0 : overlap,
    errors: fencedAt === null ? 0 : Math.max(0, lastUseOfA / fine - fencedAt),
    silence: run.silence / fine,
    wentBack: run.wentBack,
    horizon: run.horizon,
    refused: servers.a.refused(),
  };
}

function peak(curve: Uint32Array): number {
  return curve.reduce((most, value) => Math.max(most, value), 0);
}
