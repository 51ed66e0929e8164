// Every plan, and one of them as a board.
import { Empty, Lines } from '../parts/words.tsx';
import { useCell, useTick } from '../server/hooks.ts';
import { plans } from '../server/plans.ts';
import { linkTo } from '../shell/route.ts';
import { Board } from './board.tsx';
import { PlanCheck } from './plan-check.tsx';
import { PlanTable } from './plan-table.tsx';

const example = `. {
    migrate www.example.org {
        from 192.0.2.1
        to 198.51.100.1
    }
}`;

/** The subject that is no plan: a file that is tried before it is used. No plan can be called so. */
const trial = '+';

export function MovesView({ subject }: { readonly subject: string | undefined }) {
  const found = useCell(plans);
  const now = useTick();
  if (subject === trial) return <PlanCheck />;
  const [only] = found?.values() ?? [];
  const chosen = subject === undefined ? (found?.size === 1 ? only : undefined) : found?.get(subject);
  return (
    <>
      <div class="view-head">
        <h1>{chosen === undefined ? 'Moves' : 'Move'}</h1>
        {subject !== undefined && <a href={linkTo('moves')}>All moves</a>}
        <span class="room" />
        <a class="button" href={linkTo('moves', trial)}>
          Try a plan file
        </a>
      </div>
      {found === undefined && <p class="waiting-first">Asking for the plans…</p>}
      {found?.size === 0 && <NoPlans />}
      {found !== undefined && subject !== undefined && chosen === undefined && found.size > 0 && (
        <p class="notice warn">There is no plan {subject} here. It may have been taken out of the Corefile.</p>
      )}
      {found !== undefined && found.size > 0 && chosen === undefined && <PlanTable plans={[...found.values()]} now={now} />}
      {chosen !== undefined && <Board key={chosen.status.plan} told={chosen} now={now} />}
    </>
  );
}

function NoPlans() {
  return (
    <Empty title="No move is planned">
      <p>
        A plan of <code>migrate</code> leads clients from A to B, and says when A may be switched off. Write it into the Corefile and reload:
      </p>
      <Lines text={example} label="Lines of a Corefile with a plan" />
      <p>
        Nothing changes until you order it to start. <a href={linkTo('moves', trial)}>Try a plan file</a> first: it is simulated and drawn.
      </p>
    </Empty>
  );
}
