// The order to go back to the members that come first.
import { useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.tsx';
import { GivenBy, useGivenBy } from '../parts/given-by.tsx';
import { post } from '../server/ask.ts';
import { visible } from '../words/visible.ts';
import type { PoolStatus } from './pool-types.ts';

interface FailbackParts {
  readonly pool: PoolStatus;
  readonly close: () => void;
  readonly done: () => void;
}

export function FailbackDialog({ pool, close, done }: FailbackParts) {
  const [by, setBy] = useGivenBy();
  const [refusal, setRefusal] = useState('');
  const failBack = async (event: Event) => {
    event.preventDefault();
    try {
      await post(`/pools/${encodeURIComponent(pool.pool)}/failback`, by === '' ? {} : { by });
      done();
      close();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog title={`Fail back: ${visible(pool.pool)}`} close={close}>
      <form class="order-form" onSubmit={failBack}>
        <p>
          The members that come first answer again, at once and in all processes of this server. Whoever has been given another member keeps it until
          its TTL is over.
        </p>
        <GivenBy by={by} change={setBy} />
        {refusal !== '' && (
          <p class="notice bad" role="alert">
            The server refuses: {visible(refusal)}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="main">
            Fail back
          </button>
          <button type="button" onClick={close}>
            Do nothing
          </button>
        </div>
      </form>
    </Dialog>
  );
}
