// The phases as a track from left to right, each with what it waits for.

import { spellSeconds } from '../words/length.ts';
import { type AtNow, partOver, Waits } from './moments.tsx';
import { purposes, type TrackPhase, trackOf } from './phases.ts';
import type { ForecastPhase } from './plan-forecast.ts';

interface TrackParts extends AtNow {
  readonly phases: readonly ForecastPhase[];
}

export function PhaseTrack({ told, now, phases }: TrackParts) {
  return (
    <section class="panel" aria-label="Phases">
      <ol class="track">
        {trackOf(told.status).map((each) => (
          <Step key={each.phase} each={each} told={told} now={now} foretold={phases.find(({ phase }) => phase === each.phase)} />
        ))}
      </ol>
    </section>
  );
}

interface StepParts extends AtNow {
  readonly each: TrackPhase;
  readonly foretold: ForecastPhase | undefined;
}

function Step({ each, told, now, foretold }: StepParts) {
  const { phase, place } = each;
  const { step, answers } = told.status;
  const share = phase === 'transition' && place === 'now' && 'share' in answers ? `, ${answers.share}%${step > 0 ? `, step ${step + 1}` : ''}` : '';
  return (
    <li class={place.replace(' ', '-')} aria-current={place === 'now' ? 'step' : undefined}>
      <div class="step-name">
        {phase}
        {share}
        {place === 'past' && <span class="unseen"> (over)</span>}
      </div>
      {place === 'now' ? <Now told={told} now={now} /> : <div class="step-purpose">{purposes[phase]}</div>}
      {foretold !== undefined && place !== 'past' && (
        <div class="step-note" title={foretold.because}>
          {foretold.least === null ? 'nobody knows how long' : `${foretold.open ? 'from ' : ''}${spellSeconds(foretold.least)}`}
        </div>
      )}
    </li>
  );
}

function Now({ told, now }: AtNow) {
  const part = partOver({ told, now });
  return (
    <>
      <div class="step-waits">
        <Waits told={told} now={now} />
      </div>
      {part !== undefined && <progress class="over" value={part} max={1} aria-label="Part of the wait that is over" />}
    </>
  );
}
