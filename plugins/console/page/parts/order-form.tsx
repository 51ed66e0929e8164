// What the dialogs of all orders have in common: who gives it, what the server says against it, and the two ways out.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { GivenBy, useGivenBy } from './given-by.tsx';
import { Sentence } from './words.tsx';

interface OrderFormParts {
  readonly title: string;
  /** What the button says that gives the order. */
  readonly label: string;
  /** `grave`: it cannot be undone. */
  readonly look: 'main' | 'grave';
  /** Gives the order in somebody's name; rejects with what the server says against it. */
  readonly give: (by: string) => Promise<void>;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** Closes when the order is carried out. */
export function OrderForm({ title, label, look, give, close, children }: OrderFormParts) {
  const [by, setBy] = useGivenBy();
  const [giving, setGiving] = useState(false);
  const [refusal, setRefusal] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    setGiving(true);
    setRefusal('');
    try {
      await give(by);
      close();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setGiving(false);
    }
  };
  return (
    <Dialog title={title} close={close}>
      <form class="order-form" onSubmit={submit}>
        {children}
        <GivenBy by={by} change={setBy} />
        {refusal !== '' && (
          <p class="notice bad" role="alert">
            The server refuses: <Sentence text={refusal} />
          </p>
        )}
        <div class="buttons">
          <button type="submit" class={look} disabled={giving}>
            {label}
          </button>
          <button type="button" onClick={close}>
            Do nothing
          </button>
        </div>
      </form>
    </Dialog>
  );
}
