// A plan file is pasted, checked, simulated and drawn before it is used.

import type { Finding } from 'ferrydns/plugin';
import { useRef, useState } from 'preact/hooks';
import { FailureNote } from '../parts/failure-note.tsx';
import { ProblemList } from '../parts/problems.tsx';
import { goTo, linesOf, TextField } from '../parts/text-field.tsx';
import { Failure, post } from '../server/ask.ts';
import { linkTo } from '../shell/route.ts';
import { type FoundPlan, PlanOutlook } from './plan-outlook.tsx';

type Answer = ({ readonly ok: true } & FoundPlan) | { readonly ok: false; readonly problems: readonly Finding[] };

const example = `plan: www
names:
  www.example.org: { from: 192.0.2.1, to: 198.51.100.1 }
ttl: 300
transition_ttl: 5
`;

export function PlanCheck() {
  const [text, setText] = useState('');
  const [clients, setClients] = useState('10000');
  const [answer, setAnswer] = useState<Answer | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const [asking, setAsking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const check = async (event: Event) => {
    event.preventDefault();
    setAsking(true);
    setFailure(undefined);
    try {
      setAnswer(await post<Answer>('/plans/check', { text, clients: Number(clients) }));
    } catch (error) {
      setFailure(error instanceof Failure ? error : new Failure(0, String(error)));
    }
    setAsking(false);
  };
  const problems = answer === undefined || answer.ok ? [] : answer.problems;
  return (
    <>
      <div class="view-head">
        <h1>Try a plan file</h1>
        <a href={linkTo('moves')}>All moves</a>
      </div>
      <form class="panel" onSubmit={check}>
        <p>Paste a plan file. It is checked and simulated on a clock of its own; nothing is changed, and no name is moved.</p>
        <TextField label="Plan file" value={text} change={setText} placeholder={example} field={field} marked={linesOf(problems)} />
        <div class="buttons">
          <label class="field inline">
            Clients
            <input type="number" min={1} max={100_000} required value={clients} onInput={(event) => setClients(event.currentTarget.value)} />
          </label>
          <button type="submit" class="main" disabled={asking || text.trim() === ''}>
            Check and simulate
          </button>
          {text === '' && (
            <button type="button" onClick={() => setText(example)}>
              Take the example
            </button>
          )}
        </div>
        <div class="live" aria-live="polite">
          <FailureNote failure={failure} />
          {problems.length > 0 && <ProblemList problems={problems} tone="bad" show={(problem) => goTo(field.current, problem)} />}
        </div>
      </form>
      {answer?.ok === true && <PlanOutlook found={answer} show={(problem) => goTo(field.current, problem)} />}
    </>
  );
}
