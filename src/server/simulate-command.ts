// `ferrydns migrate simulate`: a plan run by its engine on a virtual clock, with clients around it.
import { forecastOf } from '../migration/forecast.ts';
import { type Outcome, simulate } from '../migration/simulator/simulate.ts';
import type { Move } from '../plans/move.ts';

export interface Wishes {
  readonly json: boolean;
  readonly clients: number;
  readonly seed: number;
  /** Seconds to simulate; by default the plan's own time and a margin. */
  readonly until: number | undefined;
  /** Percent of the clients whose cache keeps every answer for `stretch` seconds. */
  readonly violators: number;
  readonly stretch: number;
  /** Percent of the clients that never ask again. */
  readonly forever: number;
}

const rows = 12;
/** Seconds after the plan's own time, in which stragglers are seen. */
const margin = 60;

/** What a simulation prints. Every step is begun as soon as it may be. */
export function simulated({ plan: given }: Move, wishes: Wishes): string {
  const ttl = given.ttl ?? given.transitionTtl;
  const plan = { ...given, ttl, advance: 'auto' as const, gates: [], checks: [], handback: false };
  const { untilOff } = forecastOf(plan, { ttl: null, upstreamTtl: 0 });
  const violators = wishes.violators + wishes.forever > 0 ? wishes.stretch : 0;
  const until = wishes.until ?? Math.ceil(untilOff + violators + margin);
  const { clients, seed, stretch } = wishes;
  const options = { plan, clients, seed, until, violators: wishes.violators / 100, stretch, forever: wishes.forever / 100 };
  // A client is simulated with one cache: of violators it is theirs.
  const jvm = violators > 0 ? 0 : (plan.caches.find(({ kind }) => kind === 'jvm')?.seconds ?? 0);
  const outcome = simulate({ ...options, dnsService: plan.role !== 'shared', positive: jvm });
  if (!wishes.json) return text(outcome, { name: plan.name, until, clients });
  const { onA, onB, queriesA, queriesB, ...more } = outcome;
  const curves = { onA: [...onA], onB: [...onB], queriesA: [...queriesA], queriesB: [...queriesB] };
  return JSON.stringify({ plan: plan.name, clients, seed, until, ...more, ...curves }, null, 2);
}

function text(outcome: Outcome, { name, until, clients }: { readonly name: string; readonly until: number; readonly clients: number }): string {
  const { onA, onB, phases, lastOnA, horizon, stayed } = outcome;
  const every = Math.max(1, Math.ceil(until / rows));
  const seconds = Array.from({ length: Math.ceil(until / every) }, (_, i) => i * every);
  const width = String(clients).length + 2;
  const curve = seconds.map((second) => {
    const phase = phases.findLast(({ at }) => at <= second)?.phase ?? '';
    return `${`${second} s`.padStart(8)} ${String(onA[second]).padStart(width)} ${String(onB[second]).padStart(width)}  ${phase}`;
  });
  return [
    `plan ${name}: ${clients} clients for ${until} s, every step begun as soon as it may be`,
    `${'time'.padStart(8)} ${'on A'.padStart(width)} ${'on B'.padStart(width)}  phase`,
    ...curve,
    '',
    `the last client leaves A: ${lastOnA === null ? `not within this time, ${stayed} stay` : `after ${length(lastOnA)}`}`,
    `the plan says that A may be switched off: ${horizon === null ? 'not within this time' : `after ${length(horizon)}`}`,
    `most queries in a second: ${outcome.peakA} at A, ${outcome.peakB} at B`,
    `A and B in use at the same time: ${length(outcome.splitBrain)}; clients at an A that was shut: ${length(outcome.errors)}; longest without an answer: ${length(outcome.silence)}`,
    `clients given A after B: ${outcome.wentBack}`,
  ].join('\n');
}

function length(seconds: number): string {
  return `${Number(seconds.toFixed(1))} s`;
}
