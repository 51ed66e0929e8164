// Who gives an order: it goes into the journal and the log.
import { useId, useState } from 'preact/hooks';
import { session } from '../server/connection.ts';
import { remembered, rememberWord } from '../shell/memory.ts';

/** The name that was given last in this browser, or stands in its certificate. */
export function useGivenBy(): readonly [string, (by: string) => void] {
  const [by, setBy] = useState(() => remembered('by') ?? session.value.by ?? '');
  return [
    by,
    (next) => {
      setBy(next);
      rememberWord('by', next);
    },
  ];
}

export function GivenBy({ by, change }: { readonly by: string; readonly change: (by: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Your name, for the journal</label>
      <input id={id} type="text" maxLength={200} autocomplete="username" value={by} onInput={(event) => change(event.currentTarget.value)} />
    </div>
  );
}
