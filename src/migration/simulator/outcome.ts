// What a simulation saw: noted tick by tick, summed up at its end.
import { A, B, fine, type Population } from './population.ts';
import type { VirtualServer } from './server.ts';

/** Curves have one value per second. */
export interface Outcome {
  /** Clients that use A, that use B, and that wait for an answer. */
  readonly onA: Uint32Array;
  readonly onB: Uint32Array;
  readonly waiting: Uint32Array;
  /** Clients that were ever given A and B. */
  readonly metBoth: Uint32Array;
  /** Where the thing moved is the DNS service, queries at DNS A and DNS B; else lookups that led to A and to B. */
  readonly loadA: Uint32Array;
  readonly loadB: Uint32Array;
  readonly peakA: number;
  readonly peakB: number;
  /** Most queries in a second that the servers were asked, all together. */
  readonly peakQueries: number;
  readonly phases: readonly { readonly phase: string; readonly at: number }[];
  /** When the last client that will leave A left it; null: some are on A at the end. */
  readonly lastOnA: number | null;
  /** Clients still on A at the end. */
  readonly stayed: number;
  /** For how long clients used B while others used an A that was not shut, and from when to when. */
  readonly splitBrain: number;
  readonly split: { readonly from: number; readonly to: number } | null;
  /** For how long clients went to an A that was shut. */
  readonly errors: number;
  /** The longest time a client was without an answer. */
  readonly silence: number;
  /** How often a client was given A after B. */
  readonly wentBack: number;
  /** The engine's word on when A may be switched off. */
  readonly horizon: number | null;
  readonly refused: readonly string[];
}

/** What is noted while the simulation runs; times in ticks. */
export interface Record extends Pick<Outcome, 'onA' | 'onB' | 'waiting' | 'metBoth'> {
  readonly queriesA: Uint32Array;
  readonly queriesB: Uint32Array;
  readonly leadsToA: Uint32Array;
  readonly leadsToB: Uint32Array;
  readonly phases: { phase: string; at: number }[];
  /** The second that is being simulated. */
  second: number;
  waitingNow: number;
  metBothNow: number;
  lastUseOfA: number;
  split: number;
  splitFrom: number;
  splitTo: number;
  silence: number;
  wentBack: number;
  horizon: number | null;
}

export function recordFor(seconds: number): Record {
  const curve = () => new Uint32Array(seconds);
  return {
    onA: curve(),
    onB: curve(),
    waiting: curve(),
    metBoth: curve(),
    queriesA: curve(),
    queriesB: curve(),
    leadsToA: curve(),
    leadsToB: curve(),
    phases: [],
    second: 0,
    waitingNow: 0,
    metBothNow: 0,
    lastUseOfA: 0,
    split: 0,
    splitFrom: -1,
    splitTo: -1,
    silence: 0,
    wentBack: 0,
    horizon: null,
  };
}

/** How things stand: clients without use, on A and on B; the tick; whether A is shut. */
interface Now {
  readonly users: readonly [number, number, number];
  readonly tick: number;
  readonly shut: boolean;
}

interface End extends Now {
  readonly people: Population;
  readonly servers: { readonly a: VirtualServer };
  readonly dnsService: boolean;
}

/** At the end of each tick; a second shows what its first tick has brought. */
export function noteTick(record: Record, { users, tick, shut }: Now): void {
  if (users[A] > 0) record.lastUseOfA = tick + 1;
  if (users[A] > 0 && users[B] > 0 && !shut) {
    record.split++;
    if (record.splitFrom < 0) record.splitFrom = tick;
    record.splitTo = tick + 1;
  }
  if (tick % fine === 0) {
    const { second } = record;
    record.onA[second] = users[A];
    record.onB[second] = users[B];
    record.waiting[second] = record.waitingNow;
    record.metBoth[second] = record.metBothNow;
  }
  record.second = Math.floor((tick + 1) / fine);
}

export function outcomeOf(record: Record, { users, servers, people, tick, dnsService }: End): Outcome {
  const { onA, onB, waiting, metBoth, phases, horizon, wentBack, queriesA, queriesB } = record;
  const [loadA, loadB] = dnsService ? [queriesA, queriesB] : [record.leadsToA, record.leadsToB];
  const fencedAt = servers.a.fencedAt;
  // Who is still without an answer at the end has been so at least until then.
  const unanswered = people.withoutSince.reduce((most, since) => (since < 0 ? most : Math.max(most, tick - since)), 0);
  return {
    onA,
    onB,
    waiting,
    metBoth,
    loadA,
    loadB,
    peakA: peak(loadA),
    peakB: peak(loadB),
    peakQueries: peak(queriesA.map((queries, second) => queries + (queriesB[second] ?? 0))),
    phases,
    lastOnA: users[A] > 0 ? null : record.lastUseOfA / fine,
    stayed: users[A],
    splitBrain: record.split / fine,
    split: record.splitFrom < 0 ? null : { from: record.splitFrom / fine, to: record.splitTo / fine },
    errors: fencedAt === null ? 0 : Math.max(0, record.lastUseOfA / fine - fencedAt),
    silence: Math.max(record.silence, unanswered) / fine,
    wentBack,
    horizon,
    refused: servers.a.refused(),
  };
}

/** Most clients that were there at one time: all of them, unless they come and go. */
export function mostPresent({ onA, onB, waiting }: Outcome): number {
  return Math.max(1, peak(onA.map((count, second) => count + (onB[second] ?? 0) + (waiting[second] ?? 0))));
}

function peak(curve: Uint32Array): number {
  return curve.reduce((most, value) => Math.max(most, value), 0);
}
