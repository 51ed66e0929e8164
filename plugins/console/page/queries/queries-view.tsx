// The live log of queries, with filters; and who asks most.

import type { NumberedEvent } from 'ferrydns/built-in';
import { useEffect, useState } from 'preact/hooks';
import { FailureNote } from '../parts/failure-note.tsx';
import { Empty, Lines } from '../parts/words.tsx';
import { viewKeys } from '../shell/keys.ts';
import { many } from '../words/count.ts';
import { FilterForm } from './filter-form.tsx';
import { HeavyHittersPanel } from './heavy-hitters.tsx';
import { type LiveLog, useLiveLog } from './live-log.ts';
import { QueryDialog } from './query-dialog.tsx';
import { readFilters } from './query-list.ts';
import { QueryTable } from './query-table.tsx';

const example = `. {
    querylog
}`;

export function QueriesView({ query }: { readonly query: URLSearchParams }) {
  const filters = readFilters(query);
  const log = useLiveLog(filters);
  const [chosen, choose] = useState<NumberedEvent | undefined>(undefined);
  useEffect(() => {
    viewKeys.set([
      { key: 'p', does: 'pause the log, or go on', act: log.toggle },
      { key: '/', does: 'filter by name', act: () => document.getElementById('filter-name')?.focus() },
    ]);
    return () => viewKeys.set([]);
  }, [log.toggle]);
  if (log.failure?.status === 404) return <NoLog />;
  return (
    <>
      <div class="view-head">
        <h1>Queries</h1>
        <LogWords log={log} />
        <span class="room" />
        <button type="button" class={log.paused ? 'main' : ''} aria-pressed={log.paused} onClick={log.toggle} title="p">
          {log.paused ? `Go on${log.waiting > 0 ? ` (${log.waiting} new)` : ''}` : 'Pause'}
        </button>
      </div>
      <FilterForm filters={filters} />
      <FailureNote failure={log.failure} />
      <QueryTable log={log} choose={choose} filtered={Object.keys(filters).length > 0} />
      <HeavyHittersPanel />
      {chosen !== undefined && <QueryDialog event={chosen} close={() => choose(undefined)} />}
    </>
  );
}

function LogWords({ log }: { readonly log: LiveLog }) {
  if (log.page === undefined) return null;
  const { held } = log.page;
  return (
    <span class="note">
      {many(held, 'query', 'queries')} held when the page was opened
      {log.missed > 0 && `; ${many(log.missed, 'event')} came too fast to be shown`}
    </span>
  );
}

function NoLog() {
  return (
    <>
      <div class="view-head">
        <h1>Queries</h1>
      </div>
      <Empty title="No queries are logged">
        <p>
          The plugin <code>querylog</code> keeps the last queries in memory, for this page to show. Add it to a server block of the Corefile and
          reload:
        </p>
        <Lines text={example} label="Lines of a Corefile with a query log" />
        <p>The page looks again by itself.</p>
      </Empty>
    </>
  );
}
