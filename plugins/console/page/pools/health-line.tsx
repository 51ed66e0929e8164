// The health of a member over the last hour, drawn.

import type { MemberChange } from '../../told.ts';
import { timeOfDay } from '../words/length.ts';
import { healthPieces } from './health-pieces.ts';

export function HealthLine({ changes }: { readonly changes: readonly MemberChange[] }) {
  const pieces = healthPieces(changes, Date.now());
  if (pieces.length === 0) return <span class="note">not known yet</span>;
  const words = pieces.map(({ state, from, to }) => `${state} from ${timeOfDay(from)} to ${timeOfDay(to)}`);
  return (
    <svg class="health" viewBox="0 0 240 14" preserveAspectRatio="none" role="img" aria-label={words.join(', ')}>
      <title>{words.slice(-4).join('\n')}</title>
      {pieces.map(({ state, start, length, from }) => (
        <rect
          key={from}
          class={state}
          x={start * 240}
          y={state === 'serves' ? 1 : 4}
          width={Math.max(0.8, length * 240)}
          height={state === 'serves' ? 12 : 6}
        />
      ))}
    </svg>
  );
}
