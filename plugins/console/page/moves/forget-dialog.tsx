// The order to wait no longer for a replica.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { OrderForm } from '../parts/order-form.tsx';
import { post } from '../server/ask.ts';
import { notePlan } from '../server/plans.ts';
import { visible } from '../words/visible.ts';
import { heardOf } from './phases.ts';

interface ForgetParts {
  readonly replica: string;
  /** The plan as it stands. */
  readonly now: PlanStatus;
  readonly close: () => void;
}

export function ForgetDialog({ replica, now, close }: ForgetParts) {
  const [{ plan, epoch }] = useState(now);
  const name = visible(replica);
  const heard = heardOf(now, replica);
  const forget = async (by: string) => {
    const body = { epoch, replica, ...(by === '' ? {} : { by }) };
    const { status } = await post<{ readonly status: PlanStatus }>(`/migrations/${encodeURIComponent(plan)}/forget`, body);
    notePlan(status);
  };
  return (
    <OrderForm title={`Forget ${name}: ${plan}`} label={`Forget ${name}`} look="grave" give={forget} close={close}>
      <p>The plan no longer waits for this server. What it may have handed out is still waited for.</p>
      <p>
        Nothing here can check that it is gone{heard !== undefined && `; it was heard ${heard}`}. If it runs, it may answer otherwise than the others.
      </p>
      <p class="note">For epoch {epoch}, as you see it. If somebody has rolled back meanwhile, the server refuses.</p>
      <label class="check">
        <input type="checkbox" required />
        {name} is gone for good
      </label>
    </OrderForm>
  );
}
