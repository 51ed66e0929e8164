// The last differences, each with what this server and the other have answered.

import type { ShadowDifference } from 'ferrydns/built-in';
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, Moment } from '../parts/words.tsx';
import { linkTo } from '../shell/route.ts';
import { grouped } from '../words/count.ts';
import { visible } from '../words/visible.ts';

const columns = [
  { name: 'Last' },
  { name: 'Question' },
  { name: 'Seen', number: true },
  { name: 'What differs' },
  { name: 'Here' },
  { name: 'There' },
];

export function DifferenceTable({ differences }: { readonly differences: readonly ShadowDifference[] }) {
  if (differences.length === 0) return <p class="note">No difference so far.</p>;
  return (
    <Table label="The last differences" dense columns={columns}>
      {differences.flatMap((each) =>
        each.differences.map((found, i) => (
          <tr key={`${each.number} ${found.kind}`}>
            {i === 0 && <Question difference={each} />}
            <td class="kind">
              <Badge tone="warn">{visible(found.kind)}</Badge>
            </td>
            <td class="answer">{visible(found.here)}</td>
            <td class="answer">{visible(found.there)}</td>
          </tr>
        )),
      )}
    </Table>
  );
}

/** Beside all that differs in the answer. */
function Question({ difference: { time, name, type, server, count, differences } }: { readonly difference: ShadowDifference }) {
  const rows = differences.length;
  return (
    <>
      <td rowSpan={rows}>
        <Moment at={time} />
      </td>
      <th scope="rowgroup" rowSpan={rows}>
        <a href={linkTo('explain', undefined, { name, type, server })}>
          <Foreign text={name} />
        </a>{' '}
        {visible(type)}
      </th>
      <td class="number" rowSpan={rows}>
        {grouped(count)}
      </td>
    </>
  );
}
