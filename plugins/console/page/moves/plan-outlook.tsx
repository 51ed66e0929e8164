// What a plan will take: its timeline, and the drain curve that the simulator foretells.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { Finding } from 'ferrydns/plugin';
import { ProblemList } from '../parts/problems.tsx';
import { Table } from '../parts/table.tsx';
import { Badge, Figure, Panel } from '../parts/words.tsx';
import { spellSeconds } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import { ForetoldPanel } from './foretold-panel.tsx';
import { MovedNames } from './moved-names.tsx';
import type { ForecastOfPlan } from './plan-forecast.ts';

export interface FoundPlan extends ForecastOfPlan, Pick<PlanStatus, 'plan' | 'mode' | 'role' | 'names'> {
  readonly warnings: readonly Finding[];
}

interface OutlookParts {
  readonly found: FoundPlan;
  readonly show: (problem: Finding) => void;
}

export function PlanOutlook({ found, show }: OutlookParts) {
  const { plan, mode, role, names, warnings, forecast, curve } = found;
  return (
    <div class="board">
      <section class="board-head">
        <h2>{plan}</h2>
        <Badge>{mode}</Badge>
        <Badge>role {role}</Badge>
        <Badge tone="good">the file is right</Badge>
        <MovedNames names={names} />
      </section>
      {warnings.length > 0 && <ProblemList problems={warnings} tone="warn" show={show} />}
      <dl class="figures">
        <Figure name="A may be switched off" value={`after ${spellSeconds(forecast.untilOff)}`} note="at the earliest, from the start" />
        <Figure name="Longest without an answer" value={spellSeconds(forecast.silence)} />
        {mode === 'exclusive' && <Figure name="Led to an A that is shut" value={spellSeconds(forecast.errors)} note="at most, by caches" />}
        <Figure
          name="The last client leaves A"
          value={curve.lastOnA === null ? 'not in this time' : `after ${spellSeconds(curve.lastOnA)}`}
          note={curve.stayed > 0 ? `${curve.stayed} stay on A` : 'in the simulation'}
        />
      </dl>
      <Timeline forecast={forecast} />
      <ForetoldPanel curve={curve} />
    </div>
  );
}

function Timeline({ forecast }: Pick<ForecastOfPlan, 'forecast'>) {
  return (
    <Panel title="Timeline">
      <Table label="Phases to come" columns={[{ name: 'Phase' }, { name: 'Lasts', number: true }, { name: 'Because' }]}>
        {forecast.phases.map(({ phase, least, open, because }) => (
          <tr key={phase}>
            <th scope="row">{phase}</th>
            <td class="number">{least === null ? 'not known' : `${open ? 'from ' : ''}${spellSeconds(least)}`}</td>
            <td>{visible(because)}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
