// A move before it happens: the real engine, with clients, resolvers, caches and connections around it on a virtual clock.
import { kept } from './caches.ts';
import { lookUp, refresh } from './look-up.ts';
import { noteTick, type Outcome, outcomeOf } from './outcome.ts';
import { A, B, FOREVER, fine, NEVER, NOTHING, type Side } from './population.ts';
import { prepared, type Run, type Simulation } from './run.ts';
import type { VirtualServer } from './server.ts';

export function simulate(options: Simulation): Outcome {
  const run = prepared(options);
  const ticks = options.until * fine;
  const visit = run.comes === NEVER ? (client: number) => ask(run, client) : (client: number) => goOrAsk(run, client);
  for (run.tick = 0; run.tick < ticks; run.tick++) {
    passTime(run);
    refresh(run);
    run.people.calendar.drain(run.tick, visit);
    newcomers(run);
    noteTick(run.record, run);
  }
  return outcomeOf(run.record, { ...run, dnsService: options.dnsService === true });
}

/** Engines first, then who asks in this tick. */
function passTime(run: Run): void {
  const { options, servers, tick, steering, record } = run;
  const seconds = tick / fine;
  const both = servers.a === servers.b ? [servers.a] : [servers.a, servers.b];
  for (const server of both) server.advanceTo(seconds);
  for (const { at, verb } of options.commands ?? [{ at: 0, verb: 'start' as const }]) {
    if (Math.round(at * fine) === tick) for (const server of both) server.command(verb);
  }
  breakB(run, both);
  steering.a = servers.a.steering;
  steering.b = servers.b.steering;
  if (!run.shut && servers.a.fencedAt !== null) shutA(run);
  const { phase } = servers.a;
  if (record.phases.at(-1)?.phase !== phase) record.phases.push({ phase, at: seconds });
  if (phase === 'draining' || phase === 'done') record.horizon = servers.a.horizon ?? record.horizon;
}

function breakB(run: Run, servers: readonly VirtualServer[]): void {
  const { outage } = run.options;
  const seconds = run.tick / fine;
  const down = outage !== undefined && seconds >= outage.from && seconds < outage.to;
  if (down === run.bDown) return;
  run.bDown = down;
  for (const server of servers) server.tell({ kind: 'check', side: 'to', healthy: !down });
}

/** Connections to A break, and whoever had one looks for another. */
function shutA(run: Run): void {
  const { people, chain, tick } = run;
  run.shut = true;
  if (chain.last.kind === 'pool') people.calendar.hasten(tick, (client) => people.uses[client] === A);
}

function newcomers(run: Run): void {
  const { options, random, people } = run;
  if (options.arrival?.kind !== 'poisson') return;
  while (run.comes < run.tick + 1) {
    const client = Math.floor(random() * options.clients);
    run.comes -= Math.log(1 - random()) * (fine / options.arrival.rate);
    // One that is there already uses what it has, or waits for an answer already.
    if (people.uses[client] === NOTHING && (people.withoutSince[client] ?? -1) < 0) ask(run, client);
  }
}

/** A visitor whose answer has run out goes. */
function goOrAsk(run: Run, client: number): void {
  if (run.people.uses[client] === NOTHING) ask(run, client);
  else use(run, client, NOTHING);
}

/** A client asks for the name, through its caches, and acts on the answer. */
function ask(run: Run, client: number): void {
  const { people, record, tick, chain } = run;
  const side = lookUp(run, client, chain.layers.length - 1);
  if (side === NOTHING) {
    unanswered(run, client);
    return;
  }
  if (people.uses[client] === NOTHING) answered(run, client);
  if (people.holds[client] !== side) change(run, client, side);
  const load = side === A ? record.leadsToA : record.leadsToB;
  load[record.second] = (load[record.second] ?? 0) + 1;
  use(run, client, side);
  if (people.manner[client] !== FOREVER) people.calendar.put(client, tick + keptByClient(run, side));
}

/** Ticks until the client asks again. What is looked up for a use that lasts no time is used for a second; a broken connection is not kept. */
function keptByClient({ chain: { last }, ttl, shut }: Run, side: Side): number {
  const ticks = last.kind === 'pool' && shut && side === A ? ttl : kept(last, ttl);
  return ticks < 1 ? fine : ticks;
}

/** A query is held for a while, then fails; the failure is kept, and the client asks again. */
function unanswered(run: Run, client: number): void {
  const { people, tick, askedAt, record } = run;
  if ((people.withoutSince[client] ?? -1) < 0) {
    people.withoutSince[client] = tick;
    record.waitingNow++;
  }
  use(run, client, NOTHING);
  const since = askedAt[client] ?? -1;
  const held = since < 0 ? 0 : tick - since;
  if (since < 0) askedAt[client] = tick;
  const holds = held < run.hold * fine;
  if (!holds) askedAt[client] = -1;
  people.calendar.put(client, tick + (holds ? 1 : run.negative * fine));
}

/** A client that has waited, or has just come, has an answer. */
function answered({ people, record, askedAt, tick }: Run, client: number): void {
  askedAt[client] = -1;
  const since = people.withoutSince[client] ?? -1;
  if (since < 0) return;
  record.silence = Math.max(record.silence, tick - since);
  record.waitingNow--;
  people.withoutSince[client] = -1;
}

function change({ people, record }: Run, client: number, side: Side): void {
  const met = people.met[client] ?? 0;
  if (side === A && people.holds[client] === B) record.wentBack++;
  if (met !== (A | B) && (met | side) === (A | B)) record.metBothNow++;
  people.met[client] = met | side;
  people.holds[client] = side;
}

function use({ people, users }: Run, client: number, side: Side): void {
  const before = (people.uses[client] ?? NOTHING) as Side;
  if (before === side) return;
  users[before]--;
  users[side]++;
  people.uses[client] = side;
}
