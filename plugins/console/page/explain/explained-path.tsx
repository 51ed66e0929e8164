// The way of a question: block, plugins, what each did, and the answer.
import type { Explanation } from 'ferrydns/plugin';
import { Badge, Foreign, Panel, Sentence, type Tone } from '../parts/words.tsx';
import { spellDuration } from '../words/length.ts';
import { shortPlace } from '../words/place.ts';
import { visible } from '../words/visible.ts';

type Step = Explanation['steps'][number];
type Block = NonNullable<Explanation['block']>;

const tones: Readonly<Record<Step['outcome'], Tone>> = { 'passed on': 'plain', answered: 'good', declined: 'plain', silent: 'warn', failed: 'bad' };

export function ExplainedPath({ explanation }: { readonly explanation: Explanation }) {
  const { question, client, server, steps, milliseconds } = explanation;
  return (
    <div class="explained">
      <p class="asked">
        <Foreign text={question.name} /> {question.class} {question.type} <span class="note">asked by</span> {visible(client)}{' '}
        <span class="note">at</span> {server} <span class="note whole">took {spellDuration(milliseconds)}</span>
      </p>
      <AnswerPanel explanation={explanation} />
      <Panel title="The way of the question">
        <ol class="path">
          <BlockStep explanation={explanation} />
          {steps.map((step, i) => (
            <PluginStep key={i} step={step} />
          ))}
        </ol>
        {explanation.remarks.map((remark) => (
          <p key={remark} class="notice">
            {visible(remark)}
          </p>
        ))}
      </Panel>
    </div>
  );
}

function blockWords({ zone, view, place }: Block): string {
  return `${zone}${view === '' ? '' : `, view ${view}`} (${shortPlace(place)})`;
}

function BlockStep({ explanation }: { readonly explanation: Explanation }) {
  const { block, otherBlocks, otherServers, server } = explanation;
  return (
    <li>
      <div class="step-head">
        <strong>{block === null ? 'no server block' : 'server block'}</strong>{' '}
        {block === null ? <Badge tone="bad">refused</Badge> : <span>{visible(blockWords(block))}</span>}
      </div>
      {block === null && <div class="note">No block of {server} has a zone that holds the name.</div>}
      {otherBlocks.length > 0 && <div class="note">Not chosen: {otherBlocks.map((each) => visible(blockWords(each))).join('; ')}</div>}
      {otherServers.length > 0 && <div class="note">Also answered at {otherServers.join(', ')}</div>}
    </li>
  );
}

function PluginStep({ step }: { readonly step: Step }) {
  const { plugin, place, outcome, did, milliseconds, notes, lookups } = step;
  return (
    <li class={outcome.replace(' ', '-')}>
      <div class="step-head">
        <strong>{plugin}</strong> <Badge tone={tones[outcome]}>{outcome}</Badge>{' '}
        <span class="note" title={visible(place)}>
          {visible(shortPlace(place))}
        </span>{' '}
        <span class="note">{spellDuration(milliseconds)}</span>
      </div>
      <ul class="did">
        {did.filter(saysMore).map((each) => (
          <li key={each}>{visible(each)}</li>
        ))}
        {notes.map((each) => (
          <li key={`note ${each}`} class="note">
            <Sentence text={each} />
          </li>
        ))}
      </ul>
      {lookups.map((lookup) => (
        <details key={`${lookup.question.name} ${lookup.question.type}`}>
          <summary>
            it asked in turn: <Foreign text={lookup.question.name} /> {lookup.question.type}
          </summary>
          <ExplainedPath explanation={lookup} />
        </details>
      ))}
    </li>
  );
}

/** That it passed the question on is said already. */
function saysMore(did: string): boolean {
  return did !== 'passed it on';
}

function AnswerPanel({ explanation: { answer } }: { readonly explanation: Explanation }) {
  if (answer === null) {
    return (
      <Panel title="Answer">
        <p>Nothing is sent: the client waits until its own patience is over.</p>
      </Panel>
    );
  }
  const { rcode, flags, answers, authorities, additionals, extendedErrors } = answer;
  const sections = [
    ['Answer', answers],
    ['Authority', authorities],
    ['Additional', additionals],
    ['Extended errors', extendedErrors],
  ] as const;
  return (
    <Panel
      title="Answer"
      side={
        <>
          <Badge tone={rcode === 'NOERROR' ? 'good' : rcode === 'NXDOMAIN' ? 'warn' : 'bad'}>{rcode}</Badge>
          <span class="note">{flags.join(' ')}</span>
        </>
      }
    >
      {sections.every(([, records]) => records.length === 0) && <p class="note">No record.</p>}
      {sections.map(([name, records]) =>
        records.length === 0 ? null : (
          <div key={name}>
            {name !== 'Answer' && <h3>{name}</h3>}
            <ul class="records-list">
              {records.map((record) => (
                <li key={record}>
                  <Foreign text={record} />
                </li>
              ))}
            </ul>
          </div>
        ),
      )}
    </Panel>
  );
}
