// The last differences, each with what this server and the other have answered.
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, Moment, Panel } from '../parts/words.tsx';
import { linkTo } from '../shell/route.ts';
import { visible } from '../words/visible.ts';
import type { ShadowDifference } from './shadow-types.ts';

const columns = [{ name: 'Time' }, { name: 'Question' }, { name: 'What differs' }, { name: 'This server' }, { name: 'The other' }];

interface TableParts {
  readonly differences: readonly ShadowDifference[];
  /** That is shown alone. */
  readonly kind: string | undefined;
}

export function DifferenceTable({ differences, kind }: TableParts) {
  return (
    <Panel title="The last differences" side={kind === undefined ? undefined : <span class="note">in {visible(kind)} alone</span>}>
      {differences.length === 0 ? (
        <p class="note">No difference so far.</p>
      ) : (
        <Table label="The last differences" dense columns={columns}>
          {differences.map((each) => (
            <DifferenceRow key={each.number} difference={each} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

function DifferenceRow({ difference }: { readonly difference: ShadowDifference }) {
  const { time, name, type, client, differences, own, other } = difference;
  return (
    <tr>
      <td>
        <Moment at={time} />
      </td>
      <th scope="row">
        <a href={linkTo('explain', undefined, { name, type, client })}>
          <Foreign text={name} />
        </a>{' '}
        {visible(type)}
        <div class="note">
          <Foreign text={client} />
        </div>
      </th>
      <td>
        {[...new Set(differences.map(({ kind }) => kind))].map((kind) => (
          <Badge key={kind} tone="warn">
            {visible(kind)}
          </Badge>
        ))}
      </td>
      <td class="answer">{visible(own)}</td>
      <td class="answer">{visible(other)}</td>
    </tr>
  );
}
