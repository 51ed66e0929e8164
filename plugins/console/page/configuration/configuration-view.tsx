// What runs, and what another Corefile would change. Nothing is written from here.

import type { ConfiguredBlock, ToldConfiguration } from '../../told.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { ProblemList } from '../parts/problems.tsx';
import { Scroller } from '../parts/scroller.tsx';
import { Table } from '../parts/table.tsx';
import { Badge, Moment, Panel } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { many } from '../words/count.ts';
import { shortPlace } from '../words/place.ts';
import { visible, visibleLines } from '../words/visible.ts';
import { CheckForm } from './check-form.tsx';
import { LastReload, RefusedReload } from './last-reloads.tsx';

export function ConfigurationView() {
  const { value, failure } = useAsked<ToldConfiguration>('/configuration', 10_000);
  return (
    <>
      <div class="view-head">
        <h1>Configuration</h1>
        {value !== undefined && (
          <span class="note">
            <span title={visible(value.file)}>{visible(shortPlace(value.file))}</span>, loaded at <Moment at={value.loaded} />
          </span>
        )}
      </div>
      <FailureNote failure={failure} />
      {value === undefined && failure === undefined && <p class="waiting-first">Asking for the configuration…</p>}
      {value !== undefined && (
        <>
          <RefusedReload />
          {value.reload !== null && <LastReload reload={value.reload} />}
          <Warnings warnings={value.warnings} />
          <CheckForm running={value.text} />
          <Blocks blocks={value.blocks} />
          <Panel title="What runs">
            <RunningText configuration={value} />
          </Panel>
        </>
      )}
    </>
  );
}

function Warnings({ warnings }: Pick<ToldConfiguration, 'warnings'>) {
  if (warnings.length === 0) return null;
  return (
    <Panel title={many(warnings.length, 'warning')}>
      <ProblemList problems={warnings} tone="warn" />
    </Panel>
  );
}

function Blocks({ blocks }: { readonly blocks: readonly ConfiguredBlock[] }) {
  return (
    <Panel title="Server blocks">
      <Table
        label="Server blocks"
        dense
        columns={[{ name: 'Zone' }, { name: 'Listener' }, { name: 'Place' }, { name: 'Plugins, in the order of the chain' }]}
      >
        {blocks.map(({ server, zone, view, place, plugins }) => (
          <tr key={`${server} ${zone} ${view} ${place}`}>
            <th scope="row">
              {visible(zone)} {view !== '' && <Badge>view {visible(view)}</Badge>}
            </th>
            <td>{server}</td>
            <td title={visible(place)}>{visible(shortPlace(place))}</td>
            <td>{plugins.join(' ▸ ')}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}

function RunningText({ configuration: { text, warnings, file } }: { readonly configuration: ToldConfiguration }) {
  const marked = new Set(warnings.filter((each) => each.file === file).map(({ line }) => line));
  return (
    <Scroller look="corefile" label={`The text of ${file}`}>
      <ol>
        {visibleLines(text)
          .trimEnd()
          .split('\n')
          .map((line, i) => (
            <li key={i} class={marked.has(i + 1) ? 'marked' : ''}>
              <code>{line === '' ? ' ' : line}</code>
            </li>
          ))}
      </ol>
    </Scroller>
  );
}
