// One plan: where it is, what it waits for, what may be ordered, and who is still on A.

import { Badge, Figure } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { grouped } from '../words/count.ts';
import { visible } from '../words/visible.ts';
import { AlarmList } from './alarm-list.tsx';
import { ConditionsPanel, FencePanel } from './conditions.tsx';
import { DrainPanel } from './drain-panel.tsx';
import { HistoryPanel } from './history-panel.tsx';
import { HoldersPanel } from './holders.tsx';
import type { AtNow } from './moments.tsx';
import { MovedNames } from './moved-names.tsx';
import { OffFigure } from './off-figure.tsx';
import { OrderBar } from './order-bar.tsx';
import { PhaseTrack } from './phase-track.tsx';
import { answersOf } from './phases.ts';
import type { ForecastOfPlan } from './plan-forecast.ts';
import { ReplicasPanel } from './replicas.tsx';

export function Board({ told, now }: AtNow) {
  const { status } = told;
  const forecast = useAsked<ForecastOfPlan>(`/forecast?plan=${encodeURIComponent(status.plan)}`).value;
  return (
    <div class="board">
      <BoardHead told={told} now={now} />
      <AlarmList status={status} />
      <PhaseTrack told={told} now={now} phases={forecast?.forecast.phases ?? []} />
      <OrderBar status={status} />
      <dl class="figures">
        <OffFigure told={told} now={now} />
        <Figure
          name="Clients that may hold A"
          value={grouped(status.leases.from)}
          tone="a"
          note={status.leases.cut ? 'and some in no list' : undefined}
        />
        <Figure name="Clients that may hold B" value={grouped(status.leases.to)} tone="b" />
        <Figure name="Answered now" value={<span class="words">{visible(answersOf(status))}</span>} />
      </dl>
      <DrainPanel status={status} curve={forecast?.curve} />
      <div class="stacks">
        <HoldersPanel told={told} now={now} />
        <ConditionsPanel status={status} />
        <FencePanel status={status} />
        <ReplicasPanel status={status} />
        <HistoryPanel plan={status.plan} />
      </div>
    </div>
  );
}

function BoardHead({ told }: AtNow) {
  const { plan, mode, role, epoch, names, paused, damage } = told.status;
  return (
    <section class="board-head">
      <h2>{plan}</h2>
      <Badge title={mode === 'exclusive' ? 'A and B are never answered side by side' : 'A and B may be answered side by side'}>{mode}</Badge>
      <Badge>role {role}</Badge>
      <Badge title="Grows with every rollback">epoch {epoch}</Badge>
      {paused && <Badge tone="warn">paused</Badge>}
      {damage !== null && <Badge tone="bad">stopped</Badge>}
      <MovedNames names={names} />
    </section>
  );
}
