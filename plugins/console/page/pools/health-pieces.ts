// The health of a member over the last hour, as pieces of a line.
import type { MemberChange } from '../../told.ts';

export interface HealthPiece {
  readonly state: 'serves' | 'ready' | 'drained' | 'down';
  /** Shares of the whole line, from 0 to 1. */
  readonly start: number;
  readonly length: number;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** Milliseconds that the line shows. */
const shownTime = 3_600_000;

/** Pieces in the order of time; what was before the first change is not known and has none. */
export function healthPieces(changes: readonly MemberChange[], now: number): readonly HealthPiece[] {
  const begin = now - shownTime;
  return changes.flatMap((change, i) => {
    const from = Math.max(begin, Date.parse(change.at));
    const next = changes[i + 1];
    const to = Math.min(now, next === undefined ? now : Date.parse(next.at));
    if (to <= from) return [];
    return [{ state: stateOf(change), start: (from - begin) / shownTime, length: (to - from) / shownTime, from, to }];
  });
}

function stateOf({ up, drained, serving }: MemberChange): HealthPiece['state'] {
  if (!up) return 'down';
  if (drained) return 'drained';
  return serving ? 'serves' : 'ready';
}
