// The events of the log, the newest first.

import type { NumberedEvent } from 'ferrydns/built-in';
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, Moment, type Tone } from '../parts/words.tsx';
import { spellDuration } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import type { LiveLog } from './live-log.ts';

const columns = [
  { name: 'Time' },
  { name: 'Client' },
  { name: 'Name' },
  { name: 'Type' },
  { name: 'Response' },
  { name: 'By' },
  { name: 'TTL', number: true },
  { name: 'Took', number: true },
];

interface TableParts {
  readonly log: LiveLog;
  readonly choose: (event: NumberedEvent) => void;
  readonly filtered: boolean;
}

export function QueryTable({ log, choose, filtered }: TableParts) {
  const { events, paused } = log;
  return (
    <section class={`panel flush log${paused ? ' paused' : ''}`}>
      <Table label={`Queries, the newest first${paused ? ', paused' : ''}`} dense columns={columns}>
        {events?.map((event) => (
          <QueryRow key={event.number} event={event} choose={choose} />
        ))}
      </Table>
      {events === undefined && <p class="note inset">Asking for the last queries…</p>}
      {events?.length === 0 && (
        <p class="note inset">{filtered ? 'No query in the log fits these filters. New ones appear as they come.' : 'No query has come yet.'}</p>
      )}
    </section>
  );
}

function rcodeTone(rcode: string | null): Tone {
  if (rcode === 'NOERROR') return 'good';
  return rcode === 'NXDOMAIN' ? 'warn' : 'bad';
}

function QueryRow({ event, choose }: { readonly event: NumberedEvent; readonly choose: (event: NumberedEvent) => void }) {
  const { time, client, name, type, rcode, cache, plugin, upstream, ttl, duration, phase } = event;
  return (
    <tr>
      <td>
        <Moment at={time} />
      </td>
      <td>
        <Foreign text={client} />
      </td>
      <th scope="row" class="name">
        <button type="button" class="link" onClick={() => choose(event)}>
          <Foreign text={name} />
        </button>
      </th>
      <td>{visible(type)}</td>
      <td>
        <Badge tone={rcodeTone(rcode)}>{rcode ?? 'nothing'}</Badge>
      </td>
      <td>
        {plugin === '' ? '–' : plugin}
        {cache !== null && <span class="note"> {cache}</span>}
        {upstream !== null && <span class="note"> {upstream}</span>}
        {phase !== null && <span class="note"> {phase}</span>}
      </td>
      <td class="number">{ttl ?? '–'}</td>
      <td class="number">{spellDuration(duration * 1000)}</td>
    </tr>
  );
}
