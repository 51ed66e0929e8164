// A window over the page that keeps the keyboard inside until it is closed.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface DialogParts {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  /** Beside the page rather than over its middle. */
  readonly aside?: boolean;
}

export function Dialog({ title, close, children, aside = false }: DialogParts) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      // What opened it may be gone: an order that is carried out has no button any more.
      const back = before instanceof HTMLElement && before.isConnected ? before : document.querySelector('main');
      back?.focus({ preventScroll: true });
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it as well
    <dialog
      ref={dialog}
      class={aside ? 'aside' : ''}
      aria-labelledby={id}
      onClose={close}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
