// One query: all that the log knows of it, and why the question is answered as it is now.

import type { NumberedEvent } from 'ferrydns/built-in';
import type { Explanation } from 'ferrydns/plugin';
import { ExplainedPath } from '../explain/explained-path.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { Foreign, Moment } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { linkTo } from '../shell/route.ts';
import { grouped } from '../words/count.ts';
import { spellDuration } from '../words/length.ts';
import { questionOf } from './question.ts';

interface DialogParts {
  readonly event: NumberedEvent;
  readonly close: () => void;
}

export function QueryDialog({ event, close }: DialogParts) {
  const question = questionOf(event);
  const { value, failure } = useAsked<Explanation>(`/explain?${new URLSearchParams(question)}`);
  return (
    <Dialog title="A query" close={close} aside>
      <dl class="facts">
        {factsOf(event).map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
      <h3>The same question now</h3>
      <FailureNote failure={failure} />
      {value === undefined && failure === undefined && <p class="note">Asking…</p>}
      {value !== undefined && <ExplainedPath explanation={value} />}
      <p>
        <a href={linkTo('explain', undefined, question)} onClick={close}>
          Open in Explain
        </a>
      </p>
    </Dialog>
  );
}

function factsOf(event: NumberedEvent) {
  const {
    name,
    type,
    class: of,
    client,
    transport,
    time,
    rcode,
    ttl,
    size,
    sent,
    duration,
    server,
    zone,
    view,
    plugin,
    cache,
    upstream,
    plan,
    phase,
    member,
    error,
  } = event;
  const facts = [
    [
      'Question',
      <>
        <Foreign text={name} /> {of} {type}
      </>,
    ],
    ['When', <Moment at={time} />],
    [
      'Client',
      <>
        <Foreign text={client} /> by {transport}
      </>,
    ],
    ['Response', rcode ?? 'nothing was sent'],
    ['TTL', ttl === null ? null : `${ttl} s`],
    ['Took', spellDuration(duration * 1000)],
    ['Octets', `${grouped(size)} asked, ${grouped(sent)} answered`],
    ['Server block', `${zone}${view === '' ? '' : `, view ${view}`} at ${server}`],
    ['Answered by', plugin === '' ? null : plugin],
    ['Cache', cache],
    ['Upstream', upstream],
    ['Plan', plan === null ? null : `${plan}${phase === null ? '' : `, ${phase}`}`],
    ['Pool members', member],
    ['Extended error', error],
  ] as const;
  return facts.filter(([, fact]) => fact !== null);
}
