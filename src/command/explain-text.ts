// An explanation as text for people.
import type { ExplainedAnswer, ExplainedBlock, Explanation } from '../plugin/explanation.ts';

/** The whole explanation, without a line end. */
export function formatExplanation(explanation: Explanation): string {
  const { question, client, server, milliseconds } = explanation;
  return [
    `question  ${question.name} ${question.type}${question.class === 'IN' ? '' : ` ${question.class}`}, as asked by ${client} of ${server}`,
    ...rows('block', blockLines(explanation)),
    ...rows('plugins', stepLines(explanation)),
    ...rows('answer', answerLines(explanation.answer, milliseconds)),
    ...rows('note', explanation.remarks),
  ].join('\n');
}

/** Lines behind a word that stands before the first. */
function rows(word: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `${(i === 0 ? word : '').padEnd(10)}${line}`);
}

function blockLines({ block, otherBlocks, otherServers }: Explanation): string[] {
  const more = otherBlocks.map((other) => `${describe(other)} holds the name as well`);
  const servers = otherServers.map((server) => `${server} has a block for the name, too: -server ${server}`);
  return [block === null ? 'none' : describe(block), ...more, ...servers];
}

function describe({ zone, view, place }: ExplainedBlock): string {
  return `${zone}${view === '' ? '' : `, view ${view},`} (${place})`;
}

function stepLines({ steps, block }: Explanation): string[] {
  if (steps.length === 0) return ['none was asked'];
  const titles = steps.map(({ plugin, place }) => `${plugin} ${near(place, block?.place ?? '')}`);
  const width = Math.max(...titles.map(({ length }) => length));
  const times = steps.map(({ milliseconds }) => `${milliseconds.toFixed(1)} ms`);
  const timeWidth = Math.max(...times.map(({ length }) => length));
  const indent = ' '.repeat(width + timeWidth + 4);
  return steps.flatMap(({ did, notes, lookups }, i) => [
    `${(titles[i] ?? '').padEnd(width)}  ${(times[i] ?? '').padStart(timeWidth)}  ${did[0] ?? ''}`,
    ...did.slice(1).map((text) => `${indent}${text}`),
    ...notes.map((text) => `${indent}- ${text}`),
    ...lookups.flatMap((lookup) =>
      [
        '- asked the server in turn',
        ...formatExplanation(lookup)
          .split('\n')
          .map((line) => `  ${line}`),
      ].map((line) => `${indent}${line}`),
    ),
  ]);
}

/** A place, without the file where that is the one of the other. */
function near(place: string, other: string): string {
  const file = other.replace(/\d+$/, '');
  return file !== '' && place.startsWith(file) ? place.slice(file.length - 1) : place;
}

function answerLines(answer: ExplainedAnswer | null, milliseconds: number): string[] {
  if (answer === null) return ['none is sent'];
  const { rcode, flags, answers, authorities, additionals, extendedErrors } = answer;
  return [
    `${rcode}, flags ${flags.join(' ')}, after ${milliseconds.toFixed(1)} ms`,
    ...extendedErrors.map((text) => `extended error ${text}`),
    ...answers,
    ...section('authority', authorities),
    ...section('additional', additionals),
  ];
}

function section(name: string, records: readonly string[]): string[] {
  return records.map((record) => `${record}  (${name} section)`);
}
