// Who still holds A, for how long at most.
import { Table } from '../parts/table.tsx';
import { Foreign, Moment, Panel } from '../parts/words.tsx';
import { untilTime } from '../server/plans.ts';
import { many } from '../words/count.ts';
import { spellLength } from '../words/length.ts';
import type { AtNow } from './moments.tsx';

export function HoldersPanel({ told, now }: AtNow) {
  const { leases } = told.status;
  return (
    <Panel title="Who still holds A">
      {leases.last.length === 0 ? (
        <p class="note">Nobody is known to hold A.</p>
      ) : (
        <Table label="Those who may hold A longest" dense columns={[{ name: 'Client' }, { name: 'At most', number: true }]}>
          {leases.last.map(({ client, until }) => (
            <tr key={client}>
              <th scope="row">
                <Foreign text={client} />
              </th>
              <td class="number">
                {until === null ? 'not known' : untilTime(until, told, now) <= 0 ? 'over' : spellLength(untilTime(until, told, now))}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {leases.from > leases.last.length && leases.last.length > 0 && (
        <p class="note">Those who may hold it longest, of {many(leases.from, 'client')}.</p>
      )}
      {leases.pinned.length > 0 && (
        <>
          <h3>Perhaps pinned to A</h3>
          <p class="note">They came back regularly, were given A, and have not been heard of since.</p>
          <Table label="Clients that may be pinned to A" dense columns={[{ name: 'Client' }, { name: 'Last asked', number: true }]}>
            {leases.pinned.map(({ client, last_asked: last }) => (
              <tr key={client}>
                <th scope="row">
                  <Foreign text={client} />
                </th>
                <td class="number">
                  <Moment at={last} />
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Panel>
  );
}
