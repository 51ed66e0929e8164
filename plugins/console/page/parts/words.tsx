// Words with a meaning: names from strangers, states, times.
import type { ComponentChildren } from 'preact';
import { dayAndTime, momentWords } from '../words/length.ts';
import { visible } from '../words/visible.ts';
import { Scroller } from './scroller.tsx';

/** What a stranger may have chosen: all of it is seen, and it moves nothing around it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi class="foreign">{visible(text)}</bdi>;
}

export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'a' | 'b';

/** A state in a word; its colour says the same once more. */
export function Badge({ tone = 'plain', children, title }: { readonly tone?: Tone; readonly children: ComponentChildren; readonly title?: string }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

/** A moment as the time of day, with the day where that is another one; both are in its title. */
export function Moment({ at }: { readonly at: string | null }) {
  if (at === null) return <>not known</>;
  const [first = '', ...rest] = momentWords(at, new Date()).split(' ');
  return (
    <time dateTime={at} title={`${dayAndTime(at)} (${at})`}>
      <span class="whole">{first}</span>
      {rest.map((each) => ` ${each}`)}
    </time>
  );
}

const moments = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/** What the server says; moments in it are shown as others are. */
export function Sentence({ text }: { readonly text: string }) {
  const parts = visible(text).split(moments);
  return <>{parts.map((part, i) => (i % 2 === 1 ? <Moment key={i} at={part} /> : part))}</>;
}

/** Says what to do where there is nothing to show. */
export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="panel empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** Lines of a Corefile to copy. */
export function Lines({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <Scroller look="lines" label={label}>
      <pre>{text}</pre>
    </Scroller>
  );
}

/** A title with what belongs to it. */
export function Panel({
  title,
  children,
  side,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly side?: ComponentChildren;
}) {
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{title}</h2>
        {side}
      </div>
      {children}
    </section>
  );
}

/** A number that matters, with its name and what it means. */
export function Figure({
  name,
  value,
  note,
  tone,
}: {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly tone?: Tone;
}) {
  return (
    <div class={`figure ${tone ?? ''}`}>
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        {note !== undefined && <span class="note">{note}</span>}
      </dd>
    </div>
  );
}
