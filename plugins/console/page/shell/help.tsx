// The list of keys.
import { Dialog } from '../parts/dialog.tsx';
import { useCell } from '../server/hooks.ts';
import { keysOn, pageKeys, setKeys, viewKeys } from './keys.ts';

export function HelpDialog({ close }: { readonly close: () => void }) {
  const own = useCell(viewKeys);
  const on = useCell(keysOn);
  const everywhere = [
    ...pageKeys,
    { key: 't', does: 'light, dark, or as the system' },
    { key: '?', does: 'show this list' },
    { key: 'Esc', does: 'close what is open' },
  ];
  return (
    <Dialog title="Keys" close={close}>
      {own.length > 0 && (
        <>
          <h3>In this view</h3>
          <KeyList keys={own} />
        </>
      )}
      <h3>Everywhere</h3>
      <KeyList keys={everywhere} />
      <label class="check">
        <input type="checkbox" checked={on} onChange={(event) => setKeys(event.currentTarget.checked)} />
        Single keys do something (but for “?”, which always works)
      </label>
    </Dialog>
  );
}

function KeyList({ keys }: { readonly keys: readonly { readonly key: string; readonly does: string }[] }) {
  return (
    <dl class="keys">
      {keys.map(({ key, does }) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}
