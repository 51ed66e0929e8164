// The last hour of one server block, drawn.

import type { OverviewBlock, ToldOverview } from '../../told.ts';
import { Chart } from '../parts/chart.tsx';
import { short } from '../words/count.ts';
import { spellDuration } from '../words/length.ts';
import { greatest, hitShare, inPoints, mean, perSecond, rcodeSeries, samplesPerPoint, sampleTimes } from './series.ts';

const colours: Readonly<Record<string, string>> = {
  NOERROR: '--series-1',
  NXDOMAIN: '--series-2',
  SERVFAIL: '--series-3',
  REFUSED: '--series-4',
  other: '--series-5',
};

interface ChartsParts {
  readonly overview: ToldOverview;
  readonly block: OverviewBlock;
}

export function BlockCharts({ overview, block }: ChartsParts) {
  const size = samplesPerPoint(overview);
  const rates = (counts: readonly number[]) => perSecond(inPoints(counts, size, mean), overview.every);
  const within = (values: readonly (number | null)[]) => inPoints(values, size, greatest);
  const times = inPoints(sampleTimes(overview), size, ([first = 0]) => first);
  const shared = { times, clock: true, across: 'time of day' } as const;
  const asked = rcodeSeries(block).map(({ rcode, counts }) => ({
    label: rcode,
    colour: colours[rcode] ?? '--series-5',
    values: rates(counts),
  }));
  const hasCache = [...block.hits, ...block.misses].some((count) => count > 0);
  return (
    <>
      <section class="panel">
        <Chart {...shared} title="Queries" unit="per second, by response code" spell={short} series={asked} stack />
      </section>
      <section class="panel">
        <Chart
          {...shared}
          title="Time to an answer"
          unit="milliseconds"
          spell={spellDuration}
          series={[
            { label: 'half within', colour: '--series-1', values: within(block.p50) },
            { label: '90%', colour: '--series-2', values: within(block.p90) },
            { label: '99%', colour: '--series-3', values: within(block.p99) },
          ]}
          top={0.1}
        />
      </section>
      {hasCache && (
        <section class="panel">
          <Chart
            {...shared}
            title="Answered from the cache"
            unit="percent"
            spell={(value) => `${Number(value.toFixed(1))}%`}
            series={[
              {
                label: 'hits',
                colour: '--series-1',
                values: hitShare({ hits: inPoints(block.hits, size, mean), misses: inPoints(block.misses, size, mean) }),
              },
            ]}
            top={100}
          />
        </section>
      )}
    </>
  );
}
