// The servers that share the plan, and how to forget one that is gone for good.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { useState } from 'preact/hooks';
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, Panel } from '../parts/words.tsx';
import { session } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { visible } from '../words/visible.ts';
import { ForgetDialog } from './forget-dialog.tsx';
import { WhyNot } from './order-bar.tsx';
import { forgetOrder } from './orders.ts';
import { heardOf } from './phases.ts';

type Replica = PlanStatus['replicas'][number];

const columns = [{ name: 'Replica' }, { name: 'Phase' }, { name: 'Heard', number: true }, { name: 'Order' }];

export function ReplicasPanel({ status }: { readonly status: PlanStatus }) {
  const { replicas, store, journal } = status;
  const [gone, setGone] = useState<string | undefined>(undefined);
  return (
    <Panel title="Replicas" side={<StoreWord store={store} />}>
      {store.kind === 'journal' ? (
        <p class="note">This server has the plan to itself, in the journal {visible(journal)}.</p>
      ) : (
        <Table label="Servers that share the plan" dense columns={columns}>
          {replicas.map((replica) => (
            <ReplicaRow key={replica.replica} replica={replica} status={status} forget={() => setGone(replica.replica)} />
          ))}
        </Table>
      )}
      {gone !== undefined && <ForgetDialog replica={gone} now={status} close={() => setGone(undefined)} />}
    </Panel>
  );
}

function StoreWord({ store }: Pick<PlanStatus, 'store'>) {
  if (store.kind === 'journal') return null;
  return (
    <Badge tone={store.heard ? 'good' : 'bad'} title={store.place}>
      {store.kind} {store.heard ? 'heard' : 'not heard'}
    </Badge>
  );
}

interface RowParts {
  readonly replica: Replica;
  readonly status: PlanStatus;
  readonly forget: () => void;
}

function ReplicaRow({ replica: { replica, phase, epoch }, status, forget }: RowParts) {
  const { role } = useCell(session);
  const order = forgetOrder(status, replica);
  return (
    <tr>
      <th scope="row">
        <Foreign text={replica} /> {replica === status.replica && <Badge>this one</Badge>}
      </th>
      <td>
        {phase}
        {epoch !== status.epoch && <Badge tone="warn">epoch {epoch}</Badge>}
      </td>
      <td class="number">{heardOf(status, replica) ?? '–'}</td>
      <td>
        {order?.refusal === null && role === 'operator' && (
          <button type="button" class="small" onClick={forget}>
            Forget<span class="unseen"> {visible(replica)}</span>…
          </button>
        )}
        {order !== undefined && order.refusal !== null && <WhyNot refusal={order.refusal} />}
      </td>
    </tr>
  );
}
