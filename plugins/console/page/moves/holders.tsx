// Who still holds A, for how long at most.
import { Table } from '../parts/table.tsx';
import { Foreign, Moment, Panel } from '../parts/words.tsx';
import { untilTime } from '../server/plans.ts';
import { many } from '../words/count.ts';
import { spellLength } from '../words/length.ts';
import type { AtNow } from './moments.tsx';
import { isMoving } from './phases.ts';

export function HoldersPanel({ told, now }: AtNow) {
  const { leases } = told.status;
  const holders = leases.last.filter(({ until }) => until === null || untilTime(until, told, now) > 0);
  return (
    <Panel title="Who still holds A">
      {holders.length === 0 ? (
        <Nobody told={told} now={now} />
      ) : (
        <Table label="Those who may hold A longest" dense columns={[{ name: 'Client' }, { name: 'At most', number: true }]}>
          {holders.map(({ client, until }) => (
            <tr key={client}>
              <th scope="row">
                <Foreign text={client} />
              </th>
              <td class="number">{until === null ? 'not known' : spellLength(untilTime(until, told, now))}</td>
            </tr>
          ))}
        </Table>
      )}
      {leases.from > holders.length && holders.length > 0 && <p class="note">Those who may hold it longest, of {many(leases.from, 'client')}.</p>}
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

/** The TTLs of all clients may be over, and caches between have their time still. */
function Nobody({ told, now }: AtNow) {
  const { horizon, phase } = told.status;
  const at = horizon.a_may_be_switched_off;
  const left = at === null ? 0 : untilTime(at, told, now);
  if (!isMoving(phase) || left <= 0) return <p class="note">Nobody is known to hold A.</p>;
  return (
    <p class="note">
      No client that was answered A has a TTL left. Caches that the plan names may keep A for <span class="left">{spellLength(left)}</span> still.
    </p>
  );
}
