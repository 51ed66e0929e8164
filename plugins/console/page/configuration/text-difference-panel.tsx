// The lines that differ from what runs.
import { Scroller } from '../parts/scroller.tsx';
import { Panel } from '../parts/words.tsx';
import { visible } from '../words/visible.ts';
import { aroundDifferences, textDifference } from './text-difference.ts';

const signs = { same: ' ', gone: '−', new: '+' } as const;
const spoken = { same: '', gone: 'gone: ', new: 'new: ' } as const;

interface Texts {
  readonly before: string;
  readonly after: string;
}

export function TextDifference({ before, after }: Texts) {
  if (before === after) return <p class="notice">This is the text that runs.</p>;
  return (
    <Panel title="Lines that differ from what runs">
      <DifferentLines label="Lines that differ" before={before} after={after} />
    </Panel>
  );
}

export function DifferentLines({ label, before, after }: Texts & { readonly label: string }) {
  const lines = textDifference(before, after);
  return (
    <Scroller look="difference" label={label}>
      {aroundDifferences(lines).map((line, i) =>
        typeof line === 'number' ? (
          <div key={i} class="left-out">
            {line} lines are the same
          </div>
        ) : (
          <div key={i} class={line.kind}>
            <span class="sign" aria-hidden="true">
              {signs[line.kind]}
            </span>
            <span class="unseen">{spoken[line.kind]}</span>
            <code>{visible(line.text, 2000)}</code>
          </div>
        ),
      )}
    </Scroller>
  );
}
