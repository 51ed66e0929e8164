// What has happened to a plan: what the server remembers, and what this page has seen since.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { PlanChange, PlanHistory, PlanPoint } from '../../told.ts';
import type { Phase } from './phases.ts';

export const noHistory: PlanHistory = { points: [], changes: [] };

/** More are not drawn anyway. */
const mostPoints = 5000;
const mostChanges = 500;

/** With what this status says. */
export function noted({ points, changes }: PlanHistory, status: PlanStatus): PlanHistory {
  const { now, phase, epoch, leases, changed } = status;
  const point = { at: now, phase, epoch, from: leases.from, to: leases.to };
  const last = changes.at(-1);
  const isNew =
    changed !== null && (last === undefined || Date.parse(changed.at) > Date.parse(last.at) || (changed.at === last.at && changed.why !== last.why));
  return {
    points: points.at(-1)?.at === now ? points : [...points, point].slice(-mostPoints),
    changes: isNew ? [...changes, { ...changed, phase, epoch }].slice(-mostChanges) : changes,
  };
}

/** Both in the order of time, nothing twice. */
export function merged(one: PlanHistory, other: PlanHistory): PlanHistory {
  return {
    points: inOrder([...one.points, ...other.points], ({ at }) => at).slice(-mostPoints),
    changes: inOrder([...one.changes, ...other.changes], ({ at, why }) => `${at} ${why}`).slice(-mostChanges),
  };
}

function inOrder<T extends { readonly at: string }>(all: readonly T[], keyOf: (each: T) => string): T[] {
  const unique = new Map(all.map((each) => [keyOf(each), each]));
  return [...unique.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** When each phase of the epoch that counts has begun, in milliseconds, as far as it was seen. */
export function phaseStarts({ points, changes }: PlanHistory, epoch: number): ReadonlyMap<Phase, number> {
  const starts = new Map<Phase, number>();
  for (const { at, phase, epoch: of } of inOrder<PlanPoint | PlanChange>([...changes, ...points], ({ at, phase }) => `${at} ${phase}`)) {
    if (phase !== null && of === epoch && !starts.has(phase)) starts.set(phase, Date.parse(at));
  }
  return starts;
}
