// One server that is compared with, and what has come of it.

import type { ShadowStatus } from 'ferrydns/built-in';
import { useState } from 'preact/hooks';
import { Badge, Figure, Panel } from '../parts/words.tsx';
import { grouped, percent } from '../words/count.ts';
import { visible } from '../words/visible.ts';
import { DifferenceTable } from './difference-table.tsx';

export function ShadowPanel({ shadow }: { readonly shadow: ShadowStatus }) {
  const { servers, zones, sample, same, turns, different, unanswered, dropped, kinds, differences } = shadow;
  /** The kind of difference that is shown alone. */
  const [kind, setKind] = useState<string | undefined>(undefined);
  const alike = same + turns;
  const shown = differences.filter((each) => kind === undefined || each.differences.some((found) => found.kind === kind));
  return (
    <Panel
      title={`Compared with ${servers.map((each) => visible(each)).join(', ')}`}
      side={
        <>
          <Badge>{Number((sample * 100).toFixed(2))}% of the queries</Badge>
          <span class="note">
            {zones.length === 1 ? 'zone' : 'zones'} {zones.map((each) => visible(each)).join(', ')}
          </span>
        </>
      }
    >
      <dl class="figures">
        <Figure
          name="The same for a client"
          value={percent(alike, alike + different)}
          note={grouped(alike)}
          tone={different === 0 && alike > 0 ? 'good' : 'plain'}
        />
        <Figure name="Different" value={grouped(different)} tone={different > 0 ? 'bad' : 'plain'} />
        <Figure name="Take turns" value={grouped(turns)} note="different at first, the same by and by" />
        <Figure name="Not answered there" value={grouped(unanswered)} note={dropped > 0 ? `${grouped(dropped)} too many at a time` : undefined} />
      </dl>
      {Object.keys(kinds).length > 0 && (
        <fieldset class="buttons">
          <legend class="unseen">By what differs</legend>
          {Object.entries(kinds).map(([each, count]) => (
            <button type="button" key={each} class="small" aria-pressed={each === kind} onClick={() => setKind(each === kind ? undefined : each)}>
              {visible(each)} {grouped(count)}
            </button>
          ))}
        </fieldset>
      )}
      <DifferenceTable differences={shown} />
    </Panel>
  );
}
