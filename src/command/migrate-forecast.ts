// `ferrydns migrate plan` and `reverse`: what a plan file is about to do, and the plan that leads back. No server is asked.
import { formatWarning } from '../config/error.ts';
import { openTime } from '../migration/fence.ts';
import { departureOf, forecastOf } from '../migration/forecast.ts';
import { describeTarget, type Plan } from '../migration/plan.ts';
import { readPlanFile } from '../plans/plan-file.ts';
import { reversedPlanFile } from '../plans/reverse.ts';
import { textOf } from './flags.ts';
import { seconds, table } from './text-table.ts';

export interface ForecastWishes {
  readonly json: boolean;
  readonly clients: number;
  /** Of a plan that says none. */
  readonly ttl: number | null;
  /** Null: not known. */
  readonly upstreamTtl: number | null;
}

/** Throws ConfigErrors when the file is wrong. */
export function printForecast(file: string, asked: ForecastWishes): string {
  const { move, ...found } = readPlanFile(textOf(file), file);
  const warnings = found.warnings.map(({ place, message }) => formatWarning(place, message));
  const { plan } = move;
  const forecast = forecastOf(plan, { ttl: asked.ttl, upstreamTtl: asked.upstreamTtl });
  const departure = departureOf(plan, asked.clients);
  if (asked.json) return JSON.stringify({ plan: plan.name, ...forecast, clients: asked.clients, departure, warnings }, null, 2);
  const rows = forecast.phases.map(({ phase, least, open, because }) => [
    phase,
    least === null ? 'not known' : `${open ? 'from ' : ''}${seconds(least)}`,
    because,
  ]);
  return [
    ...warnings,
    `plan ${plan.name}: ${plan.mode}, role ${plan.role}`,
    ...plan.names.map(({ name, from, to }) => `  ${name}  ${from.map(describeTarget).join(', ')} -> ${to.map(describeTarget).join(', ')}`),
    '',
    ...table([['phase', 'lasts', 'because'], ...rows]),
    '',
    `A may be switched off ${seconds(forecast.untilOff)} after the start at the earliest`,
    `longest time without an answer: ${seconds(forecast.silence)}`,
    ...(plan.mode === 'exclusive' ? [`longest time that a cache may lead to an A that is shut: ${seconds(forecast.errors)}`] : []),
    ...fenceLines(plan),
    ...departureLines(plan, departure, asked.clients),
    ...assumptions(plan, asked),
  ].join('\n');
}

/** What the reckoning takes for granted of the TTL that was handed out so far. */
function assumptions(plan: Plan, { ttl, upstreamTtl }: ForecastWishes): readonly string[] {
  const known = Math.max(plan.ttl ?? 0, ttl ?? 0);
  if (known === 0) {
    const reckoned = upstreamTtl === null ? '' : `, ${upstreamTtl} s here`;
    return [`the TTL is learnt from the upstream when the server runs${reckoned}: say -ttl N to reckon with one`];
  }
  if (upstreamTtl === null || upstreamTtl <= known) return [];
  return [
    `reckoned with a TTL of ${known} s so far: where no cache here holds the upstream's ${upstreamTtl} s down to that, say -ttl ${upstreamTtl}`,
  ];
}

/** The plan from B to A. */
export function printReverse(file: string, { json, ttl }: Pick<ForecastWishes, 'json' | 'ttl'>): string {
  const { move } = readPlanFile(textOf(file), file);
  const yaml = reversedPlanFile({ ...move, plan: { ...move.plan, ttl: move.plan.ttl ?? ttl } });
  return json ? JSON.stringify({ plan: `${move.plan.name}-reverse`, yaml }, null, 2) : yaml;
}

/** What an operator has to know of a fence before it runs. */
function fenceLines(plan: Plan): readonly string[] {
  if (plan.mode !== 'exclusive' || plan.fence === null) return [];
  const wanted = openTime(plan);
  const looked = wanted === null ? '' : `, or the check of A has found it open for ${seconds(wanted / 1000)}`;
  return [`a fence that is cut short, as after ${seconds(plan.fence.timeout)}, may have run: no rollback until you say '-a-is-open'${looked}`];
}

function departureLines(plan: Plan, departure: ReturnType<typeof departureOf>, clients: number): readonly string[] {
  if (departure === null || (plan.role === 'shared' && plan.weight === null)) return [];
  const { evenOdds, almostSure } = departure;
  return [
    `by chance alone the last of ${clients} clients has left after ${evenOdds} TTLs with even odds, after ${almostSure} with 99%; or at once, in one TTL, by the next step`,
  ];
}
