// One pool.

import type { PoolMember, PoolServing, PoolStatus } from 'ferrydns/built-in';
import { useState } from 'preact/hooks';
import type { PoolHistory } from '../../told.ts';
import { Table } from '../parts/table.tsx';
import { Badge, Foreign, type Tone } from '../parts/words.tsx';
import { session } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { visible } from '../words/visible.ts';
import { FailbackDialog } from './failback-dialog.tsx';
import { HealthLine } from './health-line.tsx';
import { failbackWords, memberState, recordWords, servingWords } from './serving-words.ts';

interface PanelParts {
  readonly pool: PoolStatus;
  readonly history: PoolHistory | undefined;
  readonly again: () => void;
}

const columns = [{ name: 'Member' }, { name: 'State' }, { name: 'Addresses' }, { name: 'Weight', number: true }, { name: 'The last hour' }];
const healthStates = ['serves', 'ready', 'drained', 'down'] as const;
const tones: Readonly<Record<ReturnType<typeof memberState>, Tone>> = {
  serves: 'good',
  ready: 'plain',
  drained: 'warn',
  down: 'bad',
  'not found': 'bad',
};

export function PoolPanel({ pool, history, again }: PanelParts) {
  const [asking, setAsking] = useState(false);
  const { role } = useCell(session);
  const waits = pool.serving.some(({ failback_pending: pending }) => pending);
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>
          <Foreign text={pool.pool} />
        </h2>
        <Badge>{pool.policy.replace('_', ' ')}</Badge>
        <Badge>{failbackWords(pool)}</Badge>
        <Badge>all down: {pool.all_down}</Badge>
        <span class="room" />
        {waits && role === 'operator' && (
          <button type="button" class="main" onClick={() => setAsking(true)}>
            Fail back
          </button>
        )}
      </div>
      <ul class="serving">
        {pool.serving.map((serving) => (
          <Serving key={serving.records} serving={serving} />
        ))}
      </ul>
      <Table label={`Members of ${pool.pool}`} columns={columns}>
        {pool.members.map((member) => (
          <MemberRow key={`${member.records} ${member.member}`} member={member} history={history} />
        ))}
      </Table>
      <ul class="legend">
        {healthStates.map((state) => (
          <li key={state}>
            <span class={`swatch ${state}`} aria-hidden="true" />
            {state}
          </li>
        ))}
      </ul>
      {asking && <FailbackDialog pool={pool} close={() => setAsking(false)} done={again} />}
    </section>
  );
}

function Serving({ serving }: { readonly serving: PoolServing }) {
  return (
    <li>
      <span class="records">{recordWords(serving.records)}</span>{' '}
      {serving.members.length === 0 ? 'nobody' : serving.members.map((each) => visible(each)).join(', ')}
      <span class="note"> {servingWords(serving)}</span>
      {serving.failback_pending && <Badge tone="warn">members that come first are well again, and wait</Badge>}
    </li>
  );
}

function MemberRow({ member, history }: { readonly member: PoolMember; readonly history: PoolHistory | undefined }) {
  const state = memberState(member);
  const found = history?.members.find((each) => each.member === member.member && each.records === member.records);
  const weight = Number(member.weight_now.toFixed(1));
  return (
    <tr>
      <th scope="row">
        <Foreign text={member.member} /> {member.records !== 'address' && <Badge>{member.records.toUpperCase()}</Badge>}
        {member.backup && <Badge>backup</Badge>}
      </th>
      <td>
        <Badge tone={tones[state]}>{state}</Badge>
      </td>
      <td>
        {member.addresses.map(({ address, up, drained, looked_at: looked }) => (
          <div key={address}>
            <Foreign text={address} />{' '}
            <span class={up ? 'note' : 'note wrong'}>{!looked ? 'not looked at yet' : up ? (drained ? 'up, drained' : 'up') : 'down'}</span>
          </div>
        ))}
      </td>
      <td class="number">{weight === member.weight ? weight : `${weight} of ${member.weight}`}</td>
      <td>
        <HealthLine changes={found?.changes ?? []} />
      </td>
    </tr>
  );
}
