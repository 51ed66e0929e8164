// What another server answers otherwise, as it comes.
import { useState } from 'preact/hooks';
import { FailureNote } from '../parts/failure-note.tsx';
import { Empty, Lines } from '../parts/words.tsx';
import { type Failure, get } from '../server/ask.ts';
import { useFollow } from '../server/hooks.ts';
import { DifferenceTable } from './difference-table.tsx';
import { ofKind, withNewDifferences } from './shadow-list.ts';
import { ShadowPanel } from './shadow-panel.tsx';
import type { Shadow, ShadowDifference, ShadowPage } from './shadow-types.ts';

const example = `. {
    shadow 192.0.2.53 {
        sample 5%
    }
    forward . 192.0.2.1
}`;

export function ShadowView() {
  const { page, failure } = useShadow();
  const [kind, setKind] = useState<string | undefined>(undefined);
  const none = failure?.status === 404 || page?.shadows.length === 0;
  return (
    <>
      <div class="view-head">
        <h1>Shadow</h1>
      </div>
      {!none && <FailureNote failure={failure} />}
      {none && <NoShadow />}
      {page === undefined && failure === undefined && <p class="waiting-first">Asking what differs…</p>}
      {page?.shadows.map((shadow) => (
        <ShadowPanel key={`${shadow.place} ${shadow.server}`} shadow={shadow} kind={kind} choose={setKind} />
      ))}
      {page !== undefined && !none && <DifferenceTable differences={ofKind(page.differences, kind)} kind={kind} />}
    </>
  );
}

/** What is known, and what comes. */
function useShadow(): { readonly page: ShadowPage | undefined; readonly failure: Failure | undefined } {
  const [page, setPage] = useState<ShadowPage | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const change = (how: (page: ShadowPage) => Partial<ShadowPage>) =>
    setPage((before) => (before === undefined ? before : { ...before, ...how(before) }));
  useFollow('/shadow/events', {
    begun() {
      setFailure(undefined);
      get<ShadowPage>('/shadow').then(setPage, setFailure);
    },
    event(type, data) {
      if (type === 'shadows') change(() => ({ shadows: data as readonly Shadow[] }));
      if (type === 'differences')
        change(({ differences }) => ({ differences: withNewDifferences(differences, data as readonly ShadowDifference[]) }));
    },
    refused(why) {
      setPage(undefined);
      setFailure(why);
    },
  });
  return { page, failure };
}

function NoShadow() {
  return (
    <Empty title="No other server is compared">
      <p>
        With <code>shadow</code> in a server block a share of its queries is asked of another server as well, after the client has its answer. What
        differs for a client is shown here. Add it to the Corefile and reload:
      </p>
      <Lines text={example} label="Lines of a Corefile with a shadow" />
    </Empty>
  );
}
