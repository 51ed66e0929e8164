// Says what an order will do, asks once more, and gives it for the epoch that was seen.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { GivenBy, useGivenBy } from '../parts/given-by.tsx';
import { post } from '../server/ask.ts';
import { notePlan } from '../server/plans.ts';
import { visible } from '../words/visible.ts';
import { type Order, orderBody } from './orders.ts';

interface OrderParts {
  readonly order: Order;
  /** As it stood when the order was chosen. */
  readonly seen: PlanStatus;
  /** As it stands. */
  readonly now: PlanStatus;
  readonly close: () => void;
}

export function OrderDialog({ order, seen, now, close }: OrderParts) {
  const [by, setBy] = useGivenBy();
  const [ticked, setTicked] = useState(false);
  const { give, giving, refusal } = useOrder(seen, order, close);
  const moved = now.epoch !== seen.epoch || now.phase !== seen.phase;
  return (
    <Dialog title={`${order.label}: ${seen.plan}`} close={close}>
      <form
        class="order-form"
        onSubmit={(event) => {
          event.preventDefault();
          give({ by, ticked });
        }}
      >
        <p>{order.does}</p>
        <p class="note">
          For epoch {seen.epoch}, phase {seen.phase}, as you see it. If somebody has rolled back meanwhile, the server refuses.
        </p>
        {moved && (
          <p class="notice warn" role="alert">
            The plan has gone on meanwhile: epoch {now.epoch}, phase {now.phase}.
          </p>
        )}
        {order.tick !== undefined && (
          <label class="check">
            <input type="checkbox" required={order.tick.needed} checked={ticked} onChange={(event) => setTicked(event.currentTarget.checked)} />
            {visible(order.tick.label)}
          </label>
        )}
        <GivenBy by={by} change={setBy} />
        {refusal !== '' && (
          <p class="notice bad" role="alert">
            The server refuses: {visible(refusal)}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class={order.grave ? 'grave' : 'main'} disabled={giving}>
            {order.label}
          </button>
          <button type="button" onClick={close}>
            Do nothing
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Gives the order; closes when it is carried out. */
function useOrder(seen: PlanStatus, order: Order, close: () => void) {
  const [giving, setGiving] = useState(false);
  const [refusal, setRefusal] = useState('');
  const give = async (words: { readonly by: string; readonly ticked: boolean }) => {
    setGiving(true);
    setRefusal('');
    try {
      const { status } = await post<{ readonly status: PlanStatus }>(
        `/migrations/${encodeURIComponent(seen.plan)}/${order.verb}`,
        orderBody(seen, order, words),
      );
      notePlan(status);
      close();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setGiving(false);
    }
  };
  return { give, giving, refusal };
}
