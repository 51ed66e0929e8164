// What becomes of names when their plan is left out of the configuration: the upstream answers them.
import { migration } from 'ferrydns/built-in/moves';
import type { Runner } from './runner/runner.ts';
import { seenOf } from './watch/asked-behind.ts';

/** Why the server must not go on without a plan, for people; undefined: it may. */
export function leavingRefusal(runner: Runner): string | undefined {
  if (runner.moving && runner.agreed?.paused !== true) return `it is in ${runner.phase}, expected it to be finished, rolled back or paused before`;
  const undone = undoing(runner);
  return undone === undefined ? undefined : `its names would be answered by the upstream, which ${undone}, expected B alone`;
}

/** How the upstream would undo an exclusive plan, were that gone: what must never be at A and B would be. Undefined: it would not. */
function undoing({ phase, plan, upstreams, agreed, replica }: Runner): string | undefined {
  const isUnderWay = phase !== undefined && phase !== 'released' && migration.reached(phase, 'countdown');
  if (plan.mode !== 'exclusive' || !isUnderWay || upstreams.size === 0) return undefined;
  const last = seenOf(upstreams);
  if (last === undefined) return 'has not been asked yet';
  if (last.shows === 'from' || last.shows === 'mixed') return 'still leads to A';
  if (last.shows === 'nothing') return last.failed ? 'does not answer, and may lead to A when it does' : undefined;
  // One that alternates shows B now and A a moment later.
  return agreed?.members[replica]?.clean === true ? undefined : 'has not shown B alone for long enough';
}
