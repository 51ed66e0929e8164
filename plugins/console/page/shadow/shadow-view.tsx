// What other servers answer otherwise.

import type { ShadowStatus } from 'ferrydns/built-in';
import { FailureNote } from '../parts/failure-note.tsx';
import { Empty, Lines } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { ShadowPanel } from './shadow-panel.tsx';

const example = `. {
    shadow 192.0.2.53 {
        sample 5%
    }
    forward . 192.0.2.1
}`;
/** Milliseconds between two looks. */
const every = 3000;

export function ShadowView() {
  const { value, failure } = useAsked<{ readonly shadows: readonly ShadowStatus[] }>('/shadow', every);
  const none = failure?.status === 404 || value?.shadows.length === 0;
  return (
    <>
      <div class="view-head">
        <h1>Shadow</h1>
      </div>
      {none ? <NoShadow /> : <FailureNote failure={failure} />}
      {value === undefined && failure === undefined && <p class="waiting-first">Asking what differs…</p>}
      {!none && value?.shadows.map((shadow) => <ShadowPanel key={`${shadow.zones} ${shadow.servers}`} shadow={shadow} />)}
    </>
  );
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
