// Says what an order will do, asks once more, and gives it for the epoch that was seen.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { OrderForm } from '../parts/order-form.tsx';
import { Sentence } from '../parts/words.tsx';
import { post } from '../server/ask.ts';
import { notePlan } from '../server/plans.ts';
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
  const [ticked, setTicked] = useState(false);
  const moved = now.epoch !== seen.epoch || now.phase !== seen.phase;
  const give = async (by: string) => {
    const body = orderBody(seen, order, { by, ticked });
    const { status } = await post<{ readonly status: PlanStatus }>(`/migrations/${encodeURIComponent(seen.plan)}/${order.verb}`, body);
    notePlan(status);
  };
  return (
    <OrderForm title={`${order.label}: ${seen.plan}`} label={order.label} look={order.grave ? 'grave' : 'main'} give={give} close={close}>
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
          <input type="checkbox" required checked={ticked} onChange={(event) => setTicked(event.currentTarget.checked)} />
          <Sentence text={order.tick.label} />
        </label>
      )}
    </OrderForm>
  );
}
