// Every pool: its members, who answers and why, and the way back by hand.

import type { PoolStatus } from 'ferrydns/built-in';
import type { PoolHistory } from '../../told.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { Empty, Lines } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { PoolPanel } from './pool-panel.tsx';

const example = `. {
    pool www.example.org {
        member 192.0.2.1
        member 192.0.2.2
        check tcp 443
    }
}`;

export function PoolsView() {
  const pools = useAsked<readonly PoolStatus[]>('/pools', 2000);
  const histories = useAsked<readonly PoolHistory[]>('/history/pools', 5000);
  const none = pools.value?.length === 0 || pools.failure?.status === 404;
  return (
    <>
      <div class="view-head">
        <h1>Pools</h1>
      </div>
      {!none && <FailureNote failure={pools.failure} />}
      {pools.value === undefined && pools.failure === undefined && <p class="waiting-first">Asking for the pools…</p>}
      {none && (
        <Empty title="There is no pool">
          <p>
            A <code>pool</code> answers a name with those of its members that are well. Write one into the Corefile and reload:
          </p>
          <Lines text={example} label="Lines of a Corefile with a pool" />
        </Empty>
      )}
      {pools.value?.map((pool) => (
        <PoolPanel key={pool.pool} pool={pool} history={histories.value?.find((each) => each.pool === pool.pool)} again={pools.again} />
      ))}
    </>
  );
}
