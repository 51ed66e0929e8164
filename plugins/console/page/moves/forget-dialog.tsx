// The order to wait no longer for a replica.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { GivenBy, useGivenBy } from '../parts/given-by.tsx';
import { post } from '../server/ask.ts';
import { notePlan } from '../server/plans.ts';
import { visible } from '../words/visible.ts';

interface ForgetParts {
  readonly replica: string;
  readonly seen: PlanStatus;
  readonly close: () => void;
}

export function ForgetDialog({ replica, seen, close }: ForgetParts) {
  const [by, setBy] = useGivenBy();
  const [refusal, setRefusal] = useState('');
  const [epoch] = useState(seen.epoch);
  const forget = async (event: Event) => {
    event.preventDefault();
    try {
      const body = { epoch, replica, ...(by === '' ? {} : { by }) };
      const { status } = await post<{ readonly status: PlanStatus }>(`/migrations/${encodeURIComponent(seen.plan)}/forget`, body);
      notePlan(status);
      close();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog title={`Forget ${visible(replica)}`} close={close}>
      <form class="order-form" onSubmit={forget}>
        <p>
          The plan {seen.plan} no longer waits for this server. What it may have handed out is still waited for. Nothing here can check that it is
          gone: if it runs, it may answer otherwise than the others.
        </p>
        <p class="note">For epoch {epoch}, as you see it.</p>
        <label class="check">
          <input type="checkbox" required />
          This server is gone for good
        </label>
        <GivenBy by={by} change={setBy} />
        {refusal !== '' && (
          <p class="notice bad" role="alert">
            The server refuses: {visible(refusal)}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="grave">
            Forget it
          </button>
          <button type="button" onClick={close}>
            Do nothing
          </button>
        </div>
      </form>
    </Dialog>
  );
}
