// The drain curve, live, beside the forecast of the simulator.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { Chart } from '../parts/chart.tsx';
import type { ChartMarks } from '../parts/chart-drawing.ts';
import { Panel } from '../parts/words.tsx';
import { useCell } from '../server/hooks.ts';
import { histories } from '../server/plan-history.ts';
import { short } from '../words/count.ts';
import { type Curve, type DrainPicture, pictureOf } from './drain.ts';
import { ForetoldPanel } from './foretold-panel.tsx';
import { noHistory, phaseStarts } from './history.ts';

export function DrainPanel({ status, curve }: { readonly status: PlanStatus; readonly curve: Curve | undefined }) {
  const history = useCell(histories).get(status.plan) ?? noHistory;
  const picture = pictureOf(history, status.epoch, curve);
  if (picture === undefined) {
    if (curve !== undefined) return <ForetoldPanel curve={curve} note="The clients that are really seen are drawn beside it when the move begins." />;
    return (
      <Panel title="Clients on A and on B">
        <p class="note">The curve begins when the move does. Try the plan file to see what the simulator foretells.</p>
      </Panel>
    );
  }
  const begin = Math.min(...[...phaseStarts(history, status.epoch)].filter(([phase]) => phase !== 'original').map(([, at]) => at));
  return (
    <Panel title="Clients on A and on B">
      <Chart
        title="Clients"
        unit="that may hold an answer"
        across="seconds after the start"
        spell={short}
        times={picture.times}
        series={seriesOf(picture)}
        marks={marksOf(picture, status, begin)}
        height={260}
        top={4}
      />
      {picture.scaledTo > 0 && (
        <p class="note">The forecast is scaled to the {picture.scaledTo} clients that were seen, and begins anew with each phase.</p>
      )}
    </Panel>
  );
}

function seriesOf({ onA, onB, foretoldA, foretoldB, scaledTo }: DrainPicture) {
  const measured = [
    { label: 'on A', colour: '--a', values: onA },
    { label: 'on B', colour: '--b', values: onB },
  ];
  if (scaledTo === 0) return measured;
  return [
    ...measured,
    { label: 'on A, forecast', colour: '--a', values: foretoldA, dashed: true },
    { label: 'on B, forecast', colour: '--b', values: foretoldB, dashed: true },
  ];
}

function marksOf({ bands }: DrainPicture, { horizon }: PlanStatus, begin: number): ChartMarks {
  const off = horizon.a_may_be_switched_off;
  const lines = off === null ? [] : [{ at: (Date.parse(off) - begin) / 1000, label: 'A may be switched off', colour: '--good' }];
  return { bands, lines };
}
