// The drain curve that was measured, beside the one that the simulator foretells.

import type { PlanHistory } from '../../told.ts';
import { phaseStarts } from './history.ts';
import type { Phase } from './phases.ts';

/** What the simulator foretells; curves have a value every `every` seconds after the start. */
export interface Curve {
  readonly every: number;
  readonly onA: readonly number[];
  readonly onB: readonly number[];
  readonly waiting: readonly number[];
  readonly phases: readonly { readonly phase: string; readonly at: number }[];
  readonly horizon: number | null;
  readonly lastOnA: number | null;
  readonly stayed: number;
}

/** What is drawn; times are seconds after the start, values clients. */
export interface DrainPicture {
  readonly times: readonly number[];
  readonly onA: readonly (number | null)[];
  readonly onB: readonly (number | null)[];
  readonly foretoldA: readonly (number | null)[];
  readonly foretoldB: readonly (number | null)[];
  readonly bands: readonly { readonly from: number; readonly to: number; readonly label: string }[];
  /** Clients that the forecast is scaled to; 0: there is none. */
  readonly scaledTo: number;
}

const order: readonly Phase[] = ['lowering', 'transition', 'countdown', 'flipping', 'draining', 'done'];

/** Undefined before the move has begun. */
export function pictureOf(history: PlanHistory, epoch: number, curve: Curve | undefined): DrainPicture | undefined {
  const starts = phaseStarts(history, epoch);
  const begin = Math.min(...[...starts].filter(([phase]) => order.includes(phase)).map(([, at]) => at));
  if (!Number.isFinite(begin)) return undefined;
  const points = history.points.filter((point) => point.epoch === epoch && Date.parse(point.at) >= begin);
  const seconds = (at: number) => Math.round((at - begin) / 100) / 10;
  const most = Math.max(1, ...points.map(({ from, to }) => from + to));
  const foretold = curve === undefined ? undefined : { curve, shift: shiftOf(curve, starts, begin), scale: scaleOf(curve, most) };
  const measured = new Map(points.map((point) => [seconds(Date.parse(point.at)), point]));
  const until = foretold === undefined ? 0 : foretold.shift + (foretold.curve.onA.length - 1) * foretold.curve.every;
  const steps = foretold === undefined ? [] : foretold.curve.onA.map((_, i) => foretold.shift + i * foretold.curve.every);
  const times = [...new Set([...measured.keys(), ...steps.filter((at) => at >= 0)])].sort((a, b) => a - b);
  const last = points.at(-1);
  return {
    times,
    ...measuredAt(times, measured),
    foretoldA: times.map((at) => foretoldAt(foretold, (each) => each.onA, at)),
    foretoldB: times.map((at) => foretoldAt(foretold, (each) => each.onB, at)),
    bands: bandsOf(starts, { seconds, until: Math.max(until, last === undefined ? 0 : seconds(Date.parse(last.at))) }),
    scaledTo: foretold === undefined ? 0 : most,
  };
}

/** Between two measurements nothing changes that is told; after the last one nothing is known. */
function measuredAt(
  times: readonly number[],
  measured: ReadonlyMap<number, { readonly from: number; readonly to: number }>,
): Pick<DrainPicture, 'onA' | 'onB'> {
  const end = Math.max(-1, ...measured.keys());
  let now: { readonly from: number; readonly to: number } | undefined;
  const held = times.map((at) => {
    now = measured.get(at) ?? now;
    return at > end ? undefined : now;
  });
  return { onA: held.map((each) => each?.from ?? null), onB: held.map((each) => each?.to ?? null) };
}

interface Foretold {
  readonly curve: Curve;
  readonly shift: number;
  readonly scale: number;
}

function foretoldAt(foretold: Foretold | undefined, side: (curve: Curve) => readonly number[], at: number): number | null {
  if (foretold === undefined) return null;
  const { curve, shift, scale } = foretold;
  const place = (at - shift) / curve.every;
  const [below, above] = [side(curve)[Math.floor(place)], side(curve)[Math.ceil(place)]];
  if (below === undefined || above === undefined) return null;
  return (below + (above - below) * (place - Math.floor(place))) * scale;
}

/** A person may have waited: the forecast goes on from where the phase that the plan is in has really begun. */
function shiftOf(curve: Curve, starts: ReadonlyMap<Phase, number>, begin: number): number {
  const reached = order.findLast((phase) => starts.has(phase) && curve.phases.some((each) => each.phase === phase));
  const foretold = curve.phases.find(({ phase }) => phase === reached)?.at ?? 0;
  const real = reached === undefined ? undefined : starts.get(reached);
  return real === undefined ? 0 : Math.round((real - begin) / 100) / 10 - foretold;
}

function scaleOf({ onA, onB, waiting }: Curve, most: number): number {
  const clients = Math.max(1, ...onA.map((count, i) => count + (onB[i] ?? 0) + (waiting[i] ?? 0)));
  return most / clients;
}

function bandsOf(
  starts: ReadonlyMap<Phase, number>,
  { seconds, until }: { readonly seconds: (at: number) => number; readonly until: number },
): DrainPicture['bands'] {
  const known = order.flatMap((phase) => {
    const at = starts.get(phase);
    return at === undefined ? [] : [{ phase, from: seconds(at) }];
  });
  return known.map(({ phase, from }, i) => ({ from, to: known[i + 1]?.from ?? Math.max(until, from), label: phase }));
}
