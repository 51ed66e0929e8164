// A Corefile is pasted, checked, and compared with what runs.
import { useRef, useState } from 'preact/hooks';
import type { CheckedText } from '../../told.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { ProblemList } from '../parts/problems.tsx';
import { goTo, linesOf, TextField } from '../parts/text-field.tsx';
import { Badge, Panel } from '../parts/words.tsx';
import { Failure, post } from '../server/ask.ts';
import { session } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { OutlookPanel } from './outlook-panel.tsx';
import { TextDifference } from './text-difference-panel.tsx';

export function CheckForm({ running }: { readonly running: string }) {
  const [text, setText] = useState('');
  const { answer, failure, asking, check } = useCheck();
  const { role } = useCell(session);
  const field = useRef<HTMLTextAreaElement>(null);
  const checked = answer !== undefined && answer.text === text ? answer.found : undefined;
  const problems = [...(checked?.problems ?? []), ...(checked?.warnings ?? [])];
  return (
    <>
      <Panel title="Try a Corefile">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            check(text);
          }}
        >
          <p class="note">Paste a Corefile. It is checked and compared with what runs; nothing is written or loaded.</p>
          <TextField
            label="Corefile to check"
            value={text}
            change={setText}
            placeholder=". {&#10;    forward . 192.0.2.53&#10;}"
            field={field}
            marked={linesOf(problems)}
            rows={10}
          />
          <div class="buttons">
            <button type="submit" class="main" disabled={asking || text.trim() === '' || role !== 'operator'}>
              Check and compare
            </button>
            {text === '' && (
              <button type="button" onClick={() => setText(running)}>
                Begin with what runs
              </button>
            )}
            {role === 'reader' && <span class="note">A check reads the files that the text names, so it needs the token of an operator.</span>}
          </div>
          <div class="live" aria-live="polite">
            {failure?.status === 413 ? <TooLong /> : <FailureNote failure={failure} />}
            {checked?.ok === true && <Badge tone="good">it could be loaded</Badge>}
            {checked !== undefined && checked.problems.length > 0 && (
              <ProblemList problems={checked.problems} tone="bad" show={(each) => goTo(field.current, each)} />
            )}
            {checked !== undefined && checked.warnings.length > 0 && (
              <ProblemList problems={checked.warnings} tone="warn" show={(each) => goTo(field.current, each)} />
            )}
          </div>
        </form>
      </Panel>
      {checked?.ok === true && <TextDifference before={running} after={text} />}
      {checked?.ok === true && <OutlookPanel outlook={checked.outlook} />}
    </>
  );
}

function TooLong() {
  return (
    <p class="notice warn" role="alert">
      This text is too long to be checked here, where 64 KiB are taken. <code>ferrydns check FILE</code> on the machine takes any.
    </p>
  );
}

function useCheck() {
  const [answer, setAnswer] = useState<{ readonly text: string; readonly found: CheckedText } | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const [asking, setAsking] = useState(false);
  const check = async (text: string) => {
    setAsking(true);
    setFailure(undefined);
    try {
      setAnswer({ text, found: await post<CheckedText>('/configuration/check', { text }) });
    } catch (error) {
      setFailure(error instanceof Failure ? error : new Failure(0, String(error)));
    }
    setAsking(false);
  };
  return { answer, failure, asking, check };
}
