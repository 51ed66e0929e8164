// All plans side by side.
import { Table } from '../parts/table.tsx';
import { Badge } from '../parts/words.tsx';
import type { Told } from '../server/plans.ts';
import { linkTo } from '../shell/route.ts';
import { grouped, many } from '../words/count.ts';
import { OffAt, Waits } from './moments.tsx';
import { trackOf } from './phases.ts';

const columns = [
  { name: 'Plan' },
  { name: 'Phase' },
  { name: 'Waits' },
  { name: 'On A', number: true },
  { name: 'On B', number: true },
  { name: 'A may be switched off' },
  { name: 'Alarms' },
];

export function PlanTable({ plans, now }: { readonly plans: readonly Told[]; readonly now: number }) {
  return (
    <section class="panel">
      <Table label="Plans" columns={columns}>
        {plans.map((told) => (
          <PlanRow key={told.status.plan} told={told} now={now} />
        ))}
      </Table>
    </section>
  );
}

function PlanRow({ told, now }: { readonly told: Told; readonly now: number }) {
  const { status } = told;
  const { plan, phase, paused, leases, alarms, damage } = status;
  const count = alarms.length + (damage === null ? 0 : 1);
  return (
    <tr>
      <th scope="row">
        <a href={linkTo('moves', plan)}>{plan}</a>
      </th>
      <td>
        <span class="steps" aria-hidden="true">
          {trackOf(status).map(({ phase: each, place }) => (
            <span key={each} class={place.replace(' ', '-')} />
          ))}
        </span>
        {phase ?? 'not known'} {paused && <Badge tone="warn">paused</Badge>}
      </td>
      <td class="waits">
        <Waits told={told} now={now} />
      </td>
      <td class="number">{grouped(leases.from)}</td>
      <td class="number">{grouped(leases.to)}</td>
      <td>
        <OffAt told={told} now={now} />
      </td>
      <td>{count === 0 ? 'none' : <Badge tone="bad">{many(count, 'alarm')}</Badge>}</td>
    </tr>
  );
}
