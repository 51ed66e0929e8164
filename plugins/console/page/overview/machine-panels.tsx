// The upstreams with their health, and the memory of the processes.

import type { BlockUpstream } from '../../processes.ts';
import type { ToldOverview } from '../../told.ts';
import { Chart } from '../parts/chart.tsx';
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, Panel } from '../parts/words.tsx';
import { grouped, octets, percent } from '../words/count.ts';
import { spellDuration } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import { sampleTimes } from './series.ts';

const columns = [
  { name: 'Upstream' },
  { name: 'Health' },
  { name: 'Replies', number: true },
  { name: 'Failed', number: true },
  { name: 'Time to a reply', number: true },
];

export function UpstreamPanel({ upstreams }: { readonly upstreams: readonly BlockUpstream[] }) {
  return (
    <Panel title="Upstreams">
      {upstreams.length === 0 ? (
        <p class="note">No plugin of this configuration asks another server.</p>
      ) : (
        <Table label="Upstreams" dense columns={columns}>
          {upstreams.map((upstream) => (
            <UpstreamRow key={`${upstream.block} ${upstream.plugin} ${upstream.address}`} upstream={upstream} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function UpstreamRow({ upstream: { address, plugin, block, up, health, replies, failures, milliseconds } }: { readonly upstream: BlockUpstream }) {
  return (
    <tr>
      <th scope="row">
        <Foreign text={address} />
        <div class="note">{visible(`${plugin} in ${block}`)}</div>
      </th>
      <td>
        <Badge title={visible(health)} tone={up === null ? 'plain' : up ? 'good' : 'bad'}>
          {up === null ? 'not looked at' : up ? 'well' : 'down'}
        </Badge>
      </td>
      <td class="number">{grouped(replies)}</td>
      <td class="number">{failures === 0 ? '0' : `${grouped(failures)} (${percent(failures, replies + failures)})`}</td>
      <td class="number">{milliseconds === null ? '–' : spellDuration(milliseconds)}</td>
    </tr>
  );
}

export function MemoryPanel({ overview }: { readonly overview: ToldOverview }) {
  const { processes, memory } = overview;
  return (
    <Panel title="Processes">
      <Chart
        title="Memory"
        unit="of all processes"
        across="time of day"
        clock
        times={sampleTimes(overview)}
        spell={octets}
        doubling
        height={150}
        series={[
          { label: 'resident', colour: '--series-1', values: memory.rss },
          { label: 'JavaScript heap', colour: '--series-2', values: memory.heap },
        ]}
      />
      <Table
        label="Processes"
        dense
        columns={[
          { name: 'Process' },
          { name: 'Id', number: true },
          { name: 'Resident', number: true },
          { name: 'Heap', number: true },
          { name: 'CPU', number: true },
        ]}
      >
        {processes.map(({ name, pid, rss, heap, cpu }) => (
          <tr key={pid}>
            <th scope="row" class="name-of-process">
              {name}
            </th>
            <td class="number">{pid}</td>
            <td class="number">{octets(rss)}</td>
            <td class="number">{octets(heap)}</td>
            <td class="number">{cpu === null ? '–' : percent(cpu, 1)}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
