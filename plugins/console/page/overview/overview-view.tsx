// The last hour at a glance.
import { useState } from 'preact/hooks';
import type { OverviewBlock, ToldOverview } from '../../told.ts';
import { RefusedNotice } from '../configuration/last-reloads.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { Badge } from '../parts/words.tsx';
import type { Failure } from '../server/ask.ts';
import { get } from '../server/ask.ts';
import { useFollow } from '../server/hooks.ts';
import { spellLength } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import { BlockCharts } from './block-charts.tsx';
import { ChainPicture } from './chain-picture.tsx';
import { MemoryPanel, UpstreamPanel } from './machine-panels.tsx';
import { appended, busiest } from './series.ts';
import { Summary } from './summary.tsx';

export function OverviewView() {
  const { overview, failure } = useOverview();
  const [chosen, choose] = useState<string | undefined>(undefined);
  const block = overview?.blocks.find(({ id }) => id === chosen) ?? busiest(overview?.blocks ?? []);
  return (
    <>
      <div class="view-head">
        <h1>Overview</h1>
        {overview !== undefined && (
          <span class="note">
            ferrydns {visible(overview.version)}, up for {spellLength(Date.parse(overview.now) - Date.parse(overview.since))}
          </span>
        )}
      </div>
      <RefusedNotice />
      <FailureNote failure={overview === undefined ? failure : undefined} />
      {overview === undefined && failure === undefined && <p class="waiting-first">Asking for the last hour…</p>}
      {overview !== undefined && (
        <>
          <Summary overview={overview} />
          <BlockChoice blocks={overview.blocks} chosen={block?.id} choose={choose} />
          {block !== undefined && <ChainPicture block={block} />}
          <div class="columns">
            {block !== undefined && <BlockCharts overview={overview} block={block} />}
            <UpstreamPanel upstreams={overview.upstreams} />
            <MemoryPanel overview={overview} />
          </div>
        </>
      )}
    </>
  );
}

/** The last hour, and what comes. */
function useOverview(): { readonly overview: ToldOverview | undefined; readonly failure: Failure | undefined } {
  const [overview, setOverview] = useState<ToldOverview | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  useFollow('/overview/events', {
    event: (type, data) => {
      if (type === 'overview') setOverview((held) => (held === undefined ? held : appended(held, data as ToldOverview)));
    },
    begun: () => {
      get<ToldOverview>('/overview').then(setOverview, setFailure);
    },
    refused: setFailure,
  });
  return { overview, failure };
}

interface ChoiceParts {
  readonly blocks: readonly OverviewBlock[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
}

function BlockChoice({ blocks, chosen, choose }: ChoiceParts) {
  return (
    <fieldset class="choice">
      <legend>Server block</legend>
      {blocks.map(({ id, zone, view, server, place }) => (
        <label key={id} title={place}>
          <input type="radio" name="block" checked={id === chosen} onChange={() => choose(id)} />
          <span>
            {visible(zone)} {view !== '' && <Badge>view {visible(view)}</Badge>} <span class="note">{server}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
