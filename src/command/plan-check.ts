// What a plan file would do, for somebody who looks at it before it is used: its problems, or its forecast and a simulation.
import { forecastOf } from '../migration/forecast.ts';
import { describeTarget, type Plan } from '../migration/plan.ts';
import { simulate } from '../migration/simulator/simulate.ts';
import { readPlanFile } from '../plans/plan-file.ts';
import type { CheckedPlan } from '../plugin/check-apart.ts';
import { simulationOf } from './simulate-command.ts';

const file = 'plan';
/** Points of a curve at most. */
const mostPoints = 400;

/** Throws ConfigErrors when the plan is wrong. */
export function checkPlan(text: string, clients: number): CheckedPlan {
  const { move, warnings } = readPlanFile(text, file);
  const odd = warnings.map(({ message, place: { line, column } }) => ({ message, file, line, column }));
  return { ...forecastPlan(move.plan, clients), warnings: odd };
}

/** Where a plan leads. */
export function forecastPlan(plan: Plan, clients: number): Extract<CheckedPlan, { readonly ok: true }> {
  const simulation = simulationOf(plan, { clients: String(clients) });
  const { onA, onB, waiting, phases, horizon, lastOnA, stayed, splitBrain, silence, errors } = simulate(simulation);
  const every = Math.max(1, Math.ceil(onA.length / mostPoints));
  const points = (values: Uint32Array) => [...values].filter((_, second) => second % every === 0);
  return {
    ok: true,
    plan: plan.name,
    mode: plan.mode,
    role: plan.role,
    names: plan.names.map(({ name, from, to }) => ({ name, from: from.map(describeTarget), to: to.map(describeTarget) })),
    warnings: [],
    forecast: forecastOf(plan, { ttl: null, upstreamTtl: null }),
    curve: {
      clients,
      every,
      onA: points(onA),
      onB: points(onB),
      waiting: points(waiting),
      ...{ phases, horizon, lastOnA, stayed, splitBrain, silence, errors },
    },
  };
}
