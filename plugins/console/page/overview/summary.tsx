// The numbers of this minute.

import type { ToldOverview } from '../../told.ts';
import { Figure } from '../parts/words.tsx';
import { octets, percent, rate } from '../words/count.ts';
import { spellDuration } from '../words/length.ts';
import { busiest, lately } from './series.ts';

/** Seconds that the numbers are about. */
const minute = 60;

export function Summary({ overview }: { readonly overview: ToldOverview }) {
  const { blocks, every, processes, upstreams } = overview;
  const samples = Math.max(1, Math.round(minute / every));
  const known = Math.min(samples, Math.max(1, overview.memory.rss.length));
  const sum = (counts: readonly number[]) => lately(counts, samples);
  const total = blocks.reduce((all, { queries }) => all + sum(queries), 0);
  const failed = blocks.reduce((all, { rcodes }) => all + sum(rcodes['SERVFAIL'] ?? []), 0);
  const hits = blocks.reduce((all, block) => all + sum(block.hits), 0);
  const misses = blocks.reduce((all, block) => all + sum(block.misses), 0);
  const median = busiest(blocks)?.p50.findLast((value) => value !== null) ?? null;
  const slow = busiest(blocks)?.p99.findLast((value) => value !== null) ?? null;
  const down = upstreams.filter(({ up }) => up === false).length;
  return (
    <dl class="figures">
      <Figure name="Queries" value={`${rate(total / (known * every))}/s`} note="in the last minute" />
      <Figure
        name="Server failures"
        value={percent(failed, total)}
        note="SERVFAIL, in the last minute"
        tone={failed * 100 > total ? 'bad' : 'plain'}
      />
      <Figure name="From the cache" value={percent(hits, hits + misses)} note="of what the cache was asked" />
      <Figure
        name="Half answered within"
        value={median === null ? '–' : spellDuration(median)}
        note={slow === null ? undefined : `99% within ${spellDuration(slow)}`}
      />
      <Figure
        name="Upstreams"
        value={upstreams.length === 0 ? 'none' : `${upstreams.length - down} of ${upstreams.length}`}
        note={upstreams.length === 0 ? undefined : down === 0 ? 'are well' : `${down} down`}
        tone={down > 0 ? 'bad' : 'plain'}
      />
      <Figure
        name="Memory"
        value={octets(processes.reduce((all, { rss }) => all + rss, 0))}
        note={processes.length > 1 ? `in ${processes.length} processes` : 'resident'}
      />
    </dl>
  );
}
