// A button for every order that has a meaning now; one that is refused says why.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { Sentence } from '../parts/words.tsx';
import { session } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { OrderDialog } from './order-dialog.tsx';
import { type Order, ordersOf } from './orders.ts';

export function OrderBar({ status }: { readonly status: PlanStatus }) {
  const { role } = useCell(session);
  const [chosen, choose] = useState<{ readonly order: Order; readonly seen: PlanStatus } | undefined>(undefined);
  if (role !== 'operator') return <p class="note">You may only look: orders need the token of an operator.</p>;
  return (
    <section class="orders" aria-label="Orders">
      {ordersOf(status).map((order) => (
        <OrderButton key={order.verb} order={order} choose={() => choose({ order, seen: status })} />
      ))}
      {chosen !== undefined && <OrderDialog order={chosen.order} seen={chosen.seen} now={status} close={() => choose(undefined)} />}
    </section>
  );
}

interface ButtonParts {
  readonly order: Order;
  readonly choose: () => void;
}

function OrderButton({ order, choose }: ButtonParts) {
  const { verb, label, refusal, grave } = order;
  const why = `why-not-${verb}`;
  const first = verb === 'start' || verb === 'advance' || verb === 'resume';
  return (
    <div class="order">
      <button
        type="button"
        class={grave ? 'grave' : first ? 'main' : ''}
        disabled={refusal !== null}
        aria-describedby={refusal === null ? undefined : why}
        onClick={choose}
      >
        {label}
      </button>
      {refusal !== null && <WhyNot refusal={refusal} id={why} />}
    </div>
  );
}

/** Why an order that has a meaning now is refused. */
export function WhyNot({ refusal, id }: { readonly refusal: string; readonly id?: string }) {
  return (
    <span class="why-not" id={id}>
      not now: <Sentence text={refusal} />
    </span>
  );
}
