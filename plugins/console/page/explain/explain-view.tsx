// Why a question is answered as it is: any name, type and client.
import type { Explanation } from 'ferrydns/plugin';
import { useEffect, useState } from 'preact/hooks';
import { FailureNote } from '../parts/failure-note.tsx';
import { useAsked } from '../server/hooks.ts';
import { linkTo } from '../shell/route.ts';
import { explainPath, usualTypes } from './explain-question.ts';
import { ExplainedPath } from './explained-path.tsx';

export function ExplainView({ query }: { readonly query: URLSearchParams }) {
  const path = explainPath(query);
  const { value, failure, again } = useAsked<Explanation>(path);
  return (
    <>
      <div class="view-head">
        <h1>Explain</h1>
      </div>
      <QuestionForm query={query} again={again} />
      {path === undefined && (
        <p class="note">Nothing is asked yet. A question that you ask here is answered as for a client, but counts nowhere and stands in no log.</p>
      )}
      <FailureNote failure={failure} />
      {path !== undefined && failure === undefined && value !== undefined && <ExplainedPath explanation={value} />}
    </>
  );
}

interface FormParts {
  readonly query: URLSearchParams;
  readonly again: () => void;
}

function QuestionForm({ query, again }: FormParts) {
  const asked = query.toString();
  const [words, setWords] = useState(() => wordsOf(query));
  useEffect(() => setWords(wordsOf(query)), [asked]);
  const change = (field: keyof typeof words) => (event: { readonly currentTarget: { readonly value: string } }) =>
    setWords({ ...words, [field]: event.currentTarget.value.trim() });
  const ask = (event: Event) => {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(words).filter(([, word]) => word !== ''));
    const next = linkTo('explain', undefined, given);
    if (next === location.hash) again();
    else location.hash = next;
  };
  return (
    <form class="panel question" onSubmit={ask}>
      <div class="field grow">
        <label for="explain-name">Name</label>
        <input
          id="explain-name"
          type="text"
          required
          spellcheck={false}
          autocapitalize="off"
          placeholder="www.example.org"
          value={words.name}
          onInput={change('name')}
        />
      </div>
      <div class="field">
        <label for="explain-type">Type</label>
        <input id="explain-type" type="text" list="explain-types" size={8} placeholder="A" value={words.type} onInput={change('type')} />
        <datalist id="explain-types">
          {usualTypes.map((type) => (
            <option key={type} value={type} />
          ))}
        </datalist>
      </div>
      <div class="field">
        <label for="explain-client">Client</label>
        <input id="explain-client" type="text" size={18} spellcheck={false} placeholder="127.0.0.1" value={words.client} onInput={change('client')} />
      </div>
      <div class="field">
        <label for="explain-server">Listener</label>
        <input
          id="explain-server"
          type="text"
          size={16}
          spellcheck={false}
          placeholder="the first that fits"
          value={words.server}
          onInput={change('server')}
        />
      </div>
      <button type="submit" class="main">
        Explain
      </button>
    </form>
  );
}

function wordsOf(query: URLSearchParams) {
  const word = (key: string) => query.get(key) ?? '';
  return { name: word('name'), type: word('type'), client: word('client'), server: word('server') };
}
