// What has happened to the plan, the newest first.
import { Foreign, Moment, Panel, Sentence } from '../parts/words.tsx';
import { useCell } from '../server/hooks.ts';
import { histories } from '../server/plan-history.ts';
import { noHistory } from './history.ts';

/** More are in the journal. */
const most = 30;

export function HistoryPanel({ plan }: { readonly plan: string }) {
  const { changes } = useCell(histories).get(plan) ?? noHistory;
  const newest = changes.toReversed().slice(0, most);
  return (
    <Panel title="History">
      {newest.length === 0 ? (
        <p class="note">Nothing has been ordered yet.</p>
      ) : (
        <ol class="history">
          {newest.map(({ at, why, by, phase, epoch }) => (
            <li key={`${at} ${why}`}>
              <Moment at={at} />
              <div>
                <div>
                  <Sentence text={why} /> <span class="note">{phase === null ? '' : `→ ${phase}, epoch ${epoch}`}</span>
                </div>
                <div class="note">
                  by <Foreign text={by} />
                </div>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
