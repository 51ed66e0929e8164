// The question that everybody has: when may A be switched off.
import { Figure, Moment } from '../parts/words.tsx';
import { untilTime } from '../server/plans.ts';
import { spellLength } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import type { AtNow } from './moments.tsx';

export function OffFigure({ told, now }: AtNow) {
  const { horizon, phase, epoch } = told.status;
  const back = phase === 'original' && epoch > 1 ? horizon.b_may_be_switched_off : null;
  const [name, at] = back === null ? (['A may be switched off', horizon.a_may_be_switched_off] as const) : (['B may be switched off', back] as const);
  if (at === null) {
    const why =
      horizon.missing.length === 0 ? 'A is handed out, or may be' : `not known of ${horizon.missing.map((each) => visible(each)).join(', ')}`;
    return <Figure name={name} value="not yet" note={why} />;
  }
  const left = untilTime(at, told, now);
  if (left > 0) return <Figure name={name} value={`in ${spellLength(left)}`} note={<Moment at={at} />} />;
  // The time is over by the clock of this page: only the server knows.
  const isCertain = back !== null || phase === 'done' || phase === 'released';
  if (!isCertain) return <Figure name={name} value="any moment" note="when the server says so" />;
  return (
    <Figure
      name={name}
      value="now"
      tone="good"
      note={
        <>
          since <Moment at={at} />
        </>
      }
    />
  );
}
