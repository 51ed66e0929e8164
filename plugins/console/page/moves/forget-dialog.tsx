// The order to wait no longer for a replica.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { OrderForm } from '../parts/order-form.tsx';
import { post } from '../server/ask.ts';
import { notePlan } from '../server/plans.ts';
import { visible } from '../words/visible.ts';

interface ForgetParts {
  readonly replica: string;
  readonly seen: PlanStatus;
  readonly close: () => void;
}

export function ForgetDialog({ replica, seen, close }: ForgetParts) {
  const [epoch] = useState(seen.epoch);
  const forget = async (by: string) => {
    const body = { epoch, replica, ...(by === '' ? {} : { by }) };
    const { status } = await post<{ readonly status: PlanStatus }>(`/migrations/${encodeURIComponent(seen.plan)}/forget`, body);
    notePlan(status);
  };
  return (
    <OrderForm title={`Forget ${visible(replica)}`} label="Forget it" look="grave" give={forget} close={close}>
      <p>
        The plan {seen.plan} no longer waits for this server. What it may have handed out is still waited for. Nothing here can check that it is gone:
        if it runs, it may answer otherwise than the others.
      </p>
      <p class="note">For epoch {epoch}, as you see it.</p>
      <label class="check">
        <input type="checkbox" required />
        This server is gone for good
      </label>
    </OrderForm>
  );
}
