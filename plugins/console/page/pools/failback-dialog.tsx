// The order to go back to the members that come first.

import type { PoolStatus } from 'ferrydns/built-in';
import { OrderForm } from '../parts/order-form.tsx';
import { post } from '../server/ask.ts';
import { visible } from '../words/visible.ts';

interface FailbackParts {
  readonly pool: PoolStatus;
  readonly close: () => void;
  readonly done: () => void;
}

export function FailbackDialog({ pool, close, done }: FailbackParts) {
  const failBack = async (by: string) => {
    await post(`/pools/${encodeURIComponent(pool.pool)}/failback`, by === '' ? {} : { by });
    done();
  };
  return (
    <OrderForm title={`Fail back: ${visible(pool.pool)}`} label="Fail back" look="main" give={failBack} close={close}>
      <p>
        The members that come first answer again, at once and in all processes of this server. Whoever has been given another member keeps it until
        its TTL is over.
      </p>
    </OrderForm>
  );
}
