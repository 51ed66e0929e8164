// One server that is compared with, and what has come of it.
import { Badge, Figure, Panel } from '../parts/words.tsx';
import { grouped, percent } from '../words/count.ts';
import { visible } from '../words/visible.ts';
import type { Shadow } from './shadow-types.ts';

interface ShadowParts {
  readonly shadow: Shadow;
  /** The kind of difference that is shown alone. */
  readonly kind: string | undefined;
  readonly choose: (kind: string | undefined) => void;
}

export function ShadowPanel({ shadow, kind, choose }: ShadowParts) {
  const { place, zone, server, sample, asked, same, different, unanswered, kinds } = shadow;
  return (
    <Panel
      title={`Compared with ${shadow.with.map((each) => visible(each)).join(', ')}`}
      side={
        <>
          <Badge>{percent(sample, 1)} of the queries</Badge>
          <span class="note">
            {visible(zone)} at {server} ({visible(place)})
          </span>
        </>
      }
    >
      <dl class="figures">
        <Figure name="Asked of both" value={grouped(asked)} />
        <Figure
          name="The same for a client"
          value={percent(same, same + different)}
          note={grouped(same)}
          tone={different === 0 && same > 0 ? 'good' : 'plain'}
        />
        <Figure name="Different" value={grouped(different)} tone={different > 0 ? 'bad' : 'plain'} />
        <Figure name="Not answered there" value={grouped(unanswered)} />
      </dl>
      {Object.keys(kinds).length > 0 && (
        <fieldset class="buttons">
          <legend class="unseen">By what differs</legend>
          {Object.entries(kinds).map(([each, count]) => (
            <button type="button" key={each} class="small" aria-pressed={each === kind} onClick={() => choose(each === kind ? undefined : each)}>
              {visible(each)} {grouped(count)}
            </button>
          ))}
        </fieldset>
      )}
    </Panel>
  );
}
