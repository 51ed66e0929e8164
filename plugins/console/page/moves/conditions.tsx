// What has to hold before a phase begins: the health of both sides, gates, the upstream, the fence.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { ComponentChildren } from 'preact';
import { Badge, Panel, type Tone } from '../parts/words.tsx';
import { spellLength } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import { upstreamOf } from './phases.ts';

const healthTones: Readonly<Record<string, Tone>> = { healthy: 'good', unhealthy: 'bad', unknown: 'plain' };

export function ConditionsPanel({ status }: { readonly status: PlanStatus }) {
  const { health, gates, upstream } = status;
  return (
    <Panel title="Checks and gates">
      <ul class="conditions">
        <Condition name="A" state={health.from} tone={healthTones[health.from]} />
        <Condition name="B" state={health.to} tone={healthTones[health.to]} />
        {gates.map(({ gate, holds, reason }) => (
          <Condition
            key={gate}
            name={`gate ${visible(gate)}`}
            state={holds === null ? 'not looked at yet' : holds ? 'holds' : 'does not hold'}
            tone={holds === null ? 'plain' : holds ? 'good' : 'bad'}
          >
            {holds === false && reason !== null && visible(reason)}
          </Condition>
        ))}
        <Condition name="upstream" state={upstreamOf(upstream)} />
        <Answers upstream={upstream} phase={status.phase} />
      </ul>
    </Panel>
  );
}

function Answers({ upstream, phase }: Pick<PlanStatus, 'upstream' | 'phase'>) {
  const { seen, wanted, seconds_left: left, missing } = upstream.answers;
  if (phase !== 'draining' && phase !== 'done') return null;
  return (
    <Condition
      name="answers drawn anew"
      state={`${seen} of ${wanted}${left === null || left === 0 ? '' : `, about ${spellLength(left * 1000)} left`}`}
    >
      {missing.length > 0 && `no answer from ${missing.map((each) => visible(each)).join(', ')}`}
    </Condition>
  );
}

interface ConditionParts {
  readonly name: string;
  readonly state: string;
  readonly tone?: Tone | undefined;
  readonly children?: ComponentChildren;
}

function Condition({ name, state, tone = 'plain', children }: ConditionParts) {
  return (
    <li>
      <span class="name">{name}</span> <Badge tone={tone}>{state}</Badge>
      {children !== undefined && children !== false && <div class="note">{children}</div>}
    </li>
  );
}

const fenceStates: Readonly<Record<NonNullable<PlanStatus['fence']>['state'], readonly [string, Tone]>> = {
  none: ['has not run', 'plain'],
  begun: ['runs now', 'warn'],
  failed: ['failed', 'bad'],
  unknown: ['cut short: it may have run', 'bad'],
  done: ['has shut A', 'good'],
};

/** Only in a plan that has one. */
export function FencePanel({ status }: { readonly status: PlanStatus }) {
  const { fence } = status;
  if (fence === null) return null;
  const [words, tone] = fenceStates[fence.state];
  return (
    <Panel title="Fence">
      <p>
        <Badge tone={tone}>{words}</Badge> {fence.attempt > 0 && `attempt ${fence.attempt}`}
      </p>
      <p class="code">{visible(fence.command.join(' '))}</p>
      {fence.output !== null && fence.output !== '' && <p class="code note">{visible(fence.output)}</p>}
    </Panel>
  );
}
