// The chain of plugins as a picture: how many queries came to each, and how many it answered.

import type { ChainStation, OverviewBlock } from '../../told.ts';
import { Panel } from '../parts/words.tsx';
import { grouped, short } from '../words/count.ts';
import { shortPlace } from '../words/place.ts';
import { visible } from '../words/visible.ts';

export function ChainPicture({ block }: { readonly block: OverviewBlock }) {
  const { chain, place } = block;
  const most = Math.max(1, ...chain.map(({ queries }) => queries));
  return (
    <Panel
      title="The chain of plugins"
      side={
        <span class="note" title={visible(place)}>
          {visible(shortPlace(place))}, since it was loaded
        </span>
      }
    >
      <ol class="chain">
        {chain.map((station) => (
          <Station key={`${station.plugin} ${station.place}`} station={station} most={most} />
        ))}
      </ol>
    </Panel>
  );
}

function Station({ station: { plugin, place, queries, answered }, most }: { readonly station: ChainStation; readonly most: number }) {
  const share = queries === 0 ? 0 : answered / queries;
  return (
    <li title={`${plugin} (${place}): ${grouped(queries)} came, ${grouped(answered)} answered here`}>
      <span class="flow" style={{ '--came': String(queries / most) }} aria-hidden="true" />
      <div class="station">
        <span class="plugin">{plugin}</span>
        <span class="came">
          {short(queries)}
          <span class="unseen"> queries came</span>
        </span>
        <span class="fill" aria-hidden="true">
          <span style={{ '--share': String(share) }} />
        </span>
        <span class="answered">
          {answered === 0 ? (
            <span class="note">passes on</span>
          ) : (
            <>
              {short(answered)} <span class="note">answered</span>
            </>
          )}
        </span>
      </div>
    </li>
  );
}
