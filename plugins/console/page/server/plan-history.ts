// What has happened to each plan: asked for once, then from what the stream tells.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { PlanHistory } from '../../told.ts';
import { merged, noHistory, noted } from '../moves/history.ts';
import { get } from './ask.ts';
import { Cell } from './cell.ts';

/** By the name of the plan. */
export const histories = new Cell<ReadonlyMap<string, PlanHistory>>(new Map());

export function noteHistory(status: PlanStatus): void {
  const known = histories.value.get(status.plan) ?? noHistory;
  histories.set(new Map([...histories.value, [status.plan, noted(known, status)]]));
}

/** Adds what the server remembers; where it remembers nothing, what this page has seen has to do. */
export async function loadHistories(): Promise<void> {
  const found = await get<readonly (PlanHistory & { readonly plan: string })[]>('/history/moves').catch(() => []);
  const all = new Map(histories.value);
  for (const { plan, points, changes } of found) all.set(plan, merged({ points, changes }, all.get(plan) ?? noHistory));
  histories.set(all);
}
