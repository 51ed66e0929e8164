// What is waited for, and for how long still, by the clock of the server.
import { Moment, Sentence } from '../parts/words.tsx';
import { type Told, untilTime } from '../server/plans.ts';
import { spellLength } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import { nextOf } from './phases.ts';

/** A plan at a moment. */
export interface AtNow {
  readonly told: Told;
  /** `performance.now()` */
  readonly now: number;
}

/** What keeps the plan in its phase, or the order that comes next. */
export function Waits({ told, now }: AtNow) {
  const { status } = told;
  const { wait, flip, phase, damage } = status;
  if (damage !== null)
    return (
      <>
        stopped: <Sentence text={damage} />
      </>
    );
  if (wait !== null && wait.until === null) return <Sentence text={wait.why} />;
  const until = wait?.until ?? (phase === 'countdown' ? (flip?.at ?? null) : null);
  if (until === null) return <>{nextOf(status)}</>;
  return (
    <>
      <span class="left">{spellLength(untilTime(until, told, now))}</span> left: <Sentence text={wait?.why ?? nextOf(status)} />
    </>
  );
}

/** How much of a wait is over, from 0 to 1; undefined where it has no known end. */
export function partOver({ told, now }: AtNow): number | undefined {
  const { wait, since, flip, phase } = told.status;
  const until = wait?.until ?? (phase === 'countdown' ? (flip?.at ?? null) : null);
  if (until === null || since === null) return undefined;
  const whole = Date.parse(until) - Date.parse(since);
  return whole <= 0 ? undefined : Math.min(1, Math.max(0, 1 - untilTime(until, told, now) / whole));
}

/** When A may be switched off. */
export function OffAt({ told, now }: AtNow) {
  const { horizon, phase } = told.status;
  const at = horizon.a_may_be_switched_off;
  if (at === null)
    return <>{horizon.missing.length === 0 ? 'not known yet' : `not known because of ${horizon.missing.map((each) => visible(each)).join(', ')}`}</>;
  const left = untilTime(at, told, now);
  if (left > 0) {
    return (
      <>
        in <span class="left">{spellLength(left)}</span>
      </>
    );
  }
  if (phase !== 'done' && phase !== 'released') return <>any moment, when the server says so</>;
  return (
    <>
      since <Moment at={at} />
    </>
  );
}
