// What a plan will take before it is started: the timeline with every cache on the way, and how many TTLs until the last client has left.

import type { Phase } from './agreement.ts';
import { ttlsUntil } from './odds.ts';
import { cachesBelow, type MovedName, type Plan, timingOf } from './plan.ts';

/** What the preflight saw; seconds. */
export interface Observed {
  /** The TTL handed out so far, where the plan does not give it. */
  readonly ttl: number | null;
  /** The longest TTL the upstream ever showed for the names; null: not known. */
  readonly upstreamTtl: number | null;
}

/** One phase to come. `least` is in seconds, null where nobody knows; `open`: it lasts until a person or a gate ends it. */
interface ForecastPhase {
  readonly phase: Phase;
  readonly least: number | null;
  readonly open: boolean;
  /** How the wait adds up. */
  readonly because: string;
}

export interface Forecast {
  readonly phases: readonly ForecastPhase[];
  /** Seconds from `start` to "A may be switched off", at least. */
  readonly untilOff: number;
  /** Longest time in seconds for which a query gets no answer. */
  readonly silence: number;
  /** Longest time in seconds for which a client may still go to an A that is shut. */
  readonly errors: number;
}

export function forecastOf(plan: Plan, observed: Observed): Forecast {
  const old = Math.max(plan.ttl ?? observed.ttl ?? observed.upstreamTtl ?? 0, observed.ttl ?? 0, plan.transitionTtl);
  const caches = cachesBelow(plan);
  const skew = timingOf(plan).skew / 1000;
  const lowering = phase('lowering', old + plan.slack + skew + caches, {
    because: `TTL ${old} + slack ${plan.slack}${skew === 0 ? '' : ` + skew ${skew}`} + caches ${caches}`,
    open: plan.advance === 'manual',
  });
  const middle = plan.mode === 'exclusive' ? exclusivePhases(plan) : blendPhases(plan);
  const last = handback(plan, observed);
  const phases = [lowering, ...middle, ...last];
  const untilOff = [lowering, ...middle].reduce((sum, { least }) => sum + (least ?? 0), 0);
  const silence = middle.find((each) => each.phase === 'flipping')?.least ?? 0;
  return { phases, untilOff, silence, errors: plan.mode === 'exclusive' && plan.fence !== null ? caches : 0 };
}

function exclusivePhases(plan: Plan): readonly ForecastPhase[] {
  const timing = timingOf(plan);
  const { slack } = plan;
  const skew = timing.skew / 1000;
  const caches = cachesBelow(plan);
  const countdown = phase('countdown', timing.lead / 1000 - skew, { because: `the flip is agreed on ${timing.lead / 1000} s ahead` });
  if (plan.fence === null) {
    const silent = skew + slack + caches;
    return [
      countdown,
      phase('flipping', silent, { because: `no fence: skew ${skew} + slack ${slack} + caches ${caches} until the last lease on A is over` }),
      phase('draining', 0, { because: 'nobody holds A' }),
    ];
  }
  const open = Math.max(slack, skew);
  return [
    countdown,
    phase('flipping', skew + open, { because: `skew ${skew} + slack ${open}, and as long as the fence takes` }),
    phase('draining', Math.max(0, slack + caches - open), { because: `caches ${caches} below still lead to A, which is shut` }),
  ];
}

function blendPhases(plan: Plan): readonly ForecastPhase[] {
  const steps = Math.max(1, plan.canary.length);
  const least = plan.advance === 'auto' ? steps * plan.pace : 0;
  const caches = cachesBelow(plan);
  const skew = timingOf(plan).skew / 1000;
  const drain = plan.transitionTtl + plan.slack + skew + caches;
  return [
    phase('transition', least, {
      because: plan.advance === 'auto' ? `${steps} steps of ${plan.pace} s` : 'by hand; or at once, in one TTL, by the next step',
      open: plan.advance === 'manual',
    }),
    phase('draining', drain, { because: `TTL ${plan.transitionTtl} + slack ${plan.slack}${skew === 0 ? '' : ` + skew ${skew}`} + caches ${caches}` }),
  ];
}

function handback(plan: Plan, observed: Observed): readonly ForecastPhase[] {
  const { upstreamTtl } = observed;
  if (plan.handback && upstreamTtl === null)
    return [phase('done', null, { because: 'the upstream must show B alone for longer than its TTL: say -upstream-ttl N' })];
  if (!plan.handback) return [phase('done', 0, { because: 'by hand', open: true })];
  const ttl = upstreamTtl ?? 0;
  const answers = plan.handbackAnswers;
  const because = `the upstream must show B alone for longer than its TTL of ${ttl}, and in ${answers} independent answers: of one cache alone they take ${answers * (ttl + 1)} s`;
  // The zone's own servers, where they can be asked, give an answer of their own each second.
  const least = Math.max(ttl + plan.slack, answers);
  return [phase('done', least, { because })];
}

function phase(name: Phase, least: number | null, { because, open = false }: { readonly because: string; readonly open?: boolean }): ForecastPhase {
  return { phase: name, least, open, because };
}

/** How the number of TTLs is spread: each expiry leads to B with this probability. Null where clients do not leave by chance. */
export interface Departure {
  readonly evenOdds: number;
  readonly almostSure: number;
}

/** When the last of `clients` will have left DNS A in the transition, in TTLs: even odds and 99%. */
export function departureOf(plan: Plan, clients: number): Departure | null {
  if (plan.mode === 'exclusive' || plan.canary.length > 0) return null;
  const toB = plan.weight === null ? Math.min(...plan.names.map(shareOfB)) : plan.weight / 100;
  const evenOdds = ttlsUntil(clients, 0.5, toB);
  const almostSure = ttlsUntil(clients, 0.99, toB);
  return evenOdds === null || almostSure === null ? null : { evenOdds, almostSure };
}

/** How often a client that picks one of the targets of a name at random picks B. */
function shareOfB({ from, to }: MovedName): number {
  return to.length / (from.length + to.length);
}
