// The drain curve that the simulator foretells, before anything is moved.
import { Chart } from '../parts/chart.tsx';
import { Panel } from '../parts/words.tsx';
import { short } from '../words/count.ts';
import type { Curve } from './drain.ts';

export function ForetoldPanel({ curve, note }: { readonly curve: Curve; readonly note?: string }) {
  const times = curve.onA.map((_, i) => i * curve.every);
  const end = times.at(-1) ?? 0;
  const bands = curve.phases.map(({ phase, at }, i) => ({ from: at, to: curve.phases[i + 1]?.at ?? end, label: phase }));
  const lines = curve.horizon === null ? [] : [{ at: curve.horizon, label: 'A may be switched off', colour: '--good' }];
  return (
    <Panel title="The drain curve that the simulator foretells">
      <Chart
        title="Clients"
        unit="by whom they use"
        across="seconds after the start"
        spell={short}
        times={times}
        height={260}
        marks={{ bands, lines }}
        series={[
          { label: 'on A', colour: '--a', values: curve.onA },
          { label: 'on B', colour: '--b', values: curve.onB },
          { label: 'waiting', colour: '--waiting', values: curve.waiting, dashed: true },
        ]}
      />
      {note !== undefined && <p class="note">{note}</p>}
    </Panel>
  );
}
