// What of the log is shown. The filters stand in the address of the page, so that a view can be handed on.
import { useEffect, useState } from 'preact/hooks';
import { usualTypes } from '../explain/explain-question.ts';
import { linkTo } from '../shell/route.ts';
import type { Filters } from './query-list.ts';

const rcodes = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'none'] as const;
const slow = ['10ms', '100ms', '1s'] as const;
/** Milliseconds after the last letter until the log is asked anew. */
const pause = 250;

export function FilterForm({ filters }: { readonly filters: Filters }) {
  const set = (name: keyof Filters, word: string) => {
    const next = { ...filters, [name]: word };
    location.replace(
      linkTo(
        'queries',
        undefined,
        Object.fromEntries(Object.entries(next).filter(([, each]) => each !== '' && each !== undefined)) as Record<string, string>,
      ),
    );
  };
  return (
    <form class="panel filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Word name="name" label="Name" hint="shop, *.example.org" value={filters.name} set={set} />
      <Word name="client" label="Client" hint="192.0.2.0/24" value={filters.client} set={set} />
      <Choice name="type" label="Type" any="any" words={usualTypes} value={filters.type} set={set} />
      <Choice name="rcode" label="Response" any="any" words={rcodes} value={filters.rcode} set={set} />
      <Choice name="cache" label="Cache" any="any" words={['hit', 'stale', 'miss', 'none']} value={filters.cache} set={set} />
      <Choice name="slow" label="Took at least" any="any time" words={slow} value={filters.slow} set={set} />
      <label class="check">
        <input type="checkbox" checked={filters.failed === 'true'} onChange={(event) => set('failed', event.currentTarget.checked ? 'true' : '')} />
        failures only
      </label>
      {Object.keys(filters).length > 0 && (
        <button type="button" onClick={() => location.replace(linkTo('queries'))}>
          Show all
        </button>
      )}
    </form>
  );
}

interface FieldParts {
  readonly name: keyof Filters;
  readonly label: string;
  readonly value: string | undefined;
  readonly set: (name: keyof Filters, word: string) => void;
}

/** Acts when the reader has stopped to type. */
function Word({ name, label, hint, value = '', set }: FieldParts & { readonly hint: string }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed.trim() === value) return undefined;
    const timer = setTimeout(() => set(name, typed.trim()), pause);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <div class="field grow">
      <label for={`filter-${name}`}>{label}</label>
      <input
        id={`filter-${name}`}
        type="search"
        spellcheck={false}
        autocapitalize="off"
        placeholder={hint}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </div>
  );
}

function Choice({ name, label, any, words, value = '', set }: FieldParts & { readonly any: string; readonly words: readonly string[] }) {
  return (
    <div class="field">
      <label for={`filter-${name}`}>{label}</label>
      <select id={`filter-${name}`} value={value} onChange={(event) => set(name, event.currentTarget.value)}>
        <option value="">{any}</option>
        {[...new Set([...words, ...(value === '' ? [] : [value])])].map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </select>
    </div>
  );
}
