// How the plans stand, as the server tells it: one stream for the whole page.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { Cell } from './cell.ts';
import { loadHistories, noteHistory } from './plan-history.ts';
import { follow } from './stream.ts';

/** A status, and when this page has got it by its own clock: the server's clock may be another one. */
export interface Told {
  readonly status: PlanStatus;
  /** Milliseconds of `performance.now()`. */
  readonly at: number;
}

/** By name; undefined until the server has said which there are. */
export const plans = new Cell<ReadonlyMap<string, Told> | undefined>(undefined);

export function notePlan(status: PlanStatus): void {
  plans.set(new Map([...(plans.value ?? []), [status.plan, { status, at: performance.now() }]]));
}

/** Follows all plans until the returned function is called. */
export function followPlans(list: () => Promise<readonly PlanStatus[]>): () => void {
  return follow('/migrations/events', {
    event: (type, data) => {
      if (type !== 'status') return;
      notePlan(data as PlanStatus);
      noteHistory(data as PlanStatus);
    },
    begun() {
      void relist(list);
      void loadHistories();
    },
    refused: ({ status }) => {
      // No plugin tells of plans here.
      if (status === 404) plans.set(new Map());
    },
  });
}

/** A plan that has left the configuration is in no event. */
async function relist(list: () => Promise<readonly PlanStatus[]>): Promise<void> {
  const found = await list().catch(() => undefined);
  if (found === undefined) return;
  const at = performance.now();
  plans.set(new Map(found.map((status) => [status.plan, { status, at }])));
}

/** Milliseconds until a time of the server, by its own clock; `now` is `performance.now()`. */
export function untilTime(time: string, { status, at }: Told, now: number): number {
  return Date.parse(time) - Date.parse(status.now) - (now - at);
}
