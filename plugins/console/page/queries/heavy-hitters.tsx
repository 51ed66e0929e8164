// Who asks most, and for what.

import type { CountedKey, CountedWaste, TopQueries } from 'ferrydns/built-in';
import { Table } from '../parts/table.tsx';
import { Foreign, Moment, Panel } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { linkTo } from '../shell/route.ts';
import { grouped } from '../words/count.ts';

export function HeavyHittersPanel() {
  const { value } = useAsked<TopQueries>('/queries/top', 5000);
  if (value === undefined) return null;
  const { since, queries, names, clients, nxdomain, wasted } = value;
  return (
    <>
      <div class="view-head second">
        <h2>Heavy hitters</h2>
        <span class="note">
          of {grouped(queries)} queries since <Moment at={since} />; a count may be a little too high, never too low
        </span>
      </div>
      <div class="stacks">
        <HitterPanel title="Names" hitters={names} filter="name" />
        <HitterPanel title="Clients" hitters={clients} filter="client" />
        <HitterPanel title="Names that do not exist" hitters={nxdomain} filter="name" />
        <WastedPanel wasted={wasted} />
      </div>
    </>
  );
}

interface HitterParts {
  readonly title: string;
  readonly hitters: readonly CountedKey[];
  readonly filter: 'name' | 'client';
}

function HitterPanel({ title, hitters, filter }: HitterParts) {
  const most = Math.max(1, ...hitters.map(({ count }) => count));
  return (
    <Panel title={title}>
      {hitters.length === 0 ? (
        <p class="note">None yet.</p>
      ) : (
        <Table label={title} dense columns={[{ name: filter === 'name' ? 'Name' : 'Client' }, { name: 'Queries', number: true }]}>
          {hitters.map(({ key, count, error }) => (
            <tr key={key}>
              <th scope="row">
                <a href={linkTo('queries', undefined, { [filter]: key })}>
                  <Foreign text={key} />
                </a>
              </th>
              <td
                class="number share"
                title={error === 0 ? undefined : `at most ${grouped(error)} too high`}
                style={{ '--share': String(count / most) }}
              >
                {grouped(count)}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function WastedPanel({ wasted }: { readonly wasted: readonly CountedWaste[] }) {
  return (
    <Panel title="Wasted search queries">
      <p class="note">Names that exist only without a search suffix: what ndots costs.</p>
      {wasted.length === 0 ? (
        <p class="note">None yet.</p>
      ) : (
        <Table label="Wasted search queries" dense columns={[{ name: 'Client' }, { name: 'As in' }, { name: 'Queries', number: true }]}>
          {wasted.map(({ client, namespace, count, example }) => (
            <tr key={`${client} ${namespace}`}>
              <th scope="row">
                <Foreign text={client} />
                {namespace !== null && <span class="note"> {namespace}</span>}
              </th>
              <td>
                <Foreign text={example} />
              </td>
              <td class="number">{grouped(count)}</td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
