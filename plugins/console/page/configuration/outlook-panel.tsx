// What would change for those who have asked lately.
import type { ForeseenUnknown, Outlook } from 'ferrydns/plugin';
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, Panel } from '../parts/words.tsx';
import { grouped, many, percent } from '../words/count.ts';
import { visible } from '../words/visible.ts';

export function OutlookPanel({ outlook }: { readonly outlook: Outlook | null }) {
  if (outlook === null || outlook.asked === 0) {
    return (
      <Panel title="What would be answered otherwise">
        <p class="note">
          Not known: no question of the last minutes is known. With <code>querylog</code> in the Corefile they are asked of both.
        </p>
      </Panel>
    );
  }
  const { asked, changed, unknown, names } = outlook;
  return (
    <Panel
      title="What would be answered otherwise"
      side={
        <span class="note">
          of {many(asked, 'question')} of the last minutes, {grouped(changed)} otherwise{unknown > 0 && `, ${grouped(unknown)} not to be foretold`}
        </span>
      }
    >
      {names.lost > 0 && (
        <p class="notice bad">
          <LostNames names={names} />
        </p>
      )}
      {changed === 0 && <Badge tone="good">nothing that was asked lately changes</Badge>}
      <ForeseenChanges outlook={outlook} />
    </Panel>
  );
}

/** How many names lose their answers, of those that have some. */
export function LostNames({ names: { lost, answered } }: Pick<Outlook, 'names'>) {
  return (
    <>
      <strong>{many(lost, 'name')}</strong> of {grouped(answered)} ({percent(lost, answered)}) would no longer be answered.
    </>
  );
}

/** What would be answered otherwise, by name, and what nobody can say. */
export function ForeseenChanges({ outlook: { changes, unknowns, unknown } }: { readonly outlook: Outlook }) {
  return (
    <>
      {changes.length > 0 && <Changes label="Answers that change" changes={changes} />}
      {unknowns.length > 0 && (
        <details>
          <summary>{many(unknown, 'question')} cannot be foretold</summary>
          <Changes label="Questions that cannot be foretold" changes={unknowns} />
        </details>
      )}
    </>
  );
}

function Changes({ label, changes }: { readonly label: string; readonly changes: readonly (ForeseenUnknown & { readonly lost?: boolean })[] }) {
  return (
    <Table label={label} dense columns={[{ name: 'Question' }, { name: 'Now' }, { name: 'Then' }]}>
      {changes.map(({ name, type, client, server, before, after, lost }) => (
        <tr key={`${name} ${type} ${client} ${server}`}>
          <th scope="row">
            <Foreign text={name} /> {visible(type)} {lost === true && <Badge tone="bad">lost</Badge>}
          </th>
          <td class="answer">{visible(before)}</td>
          <td class="answer">{visible(after)}</td>
        </tr>
      ))}
    </Table>
  );
}
