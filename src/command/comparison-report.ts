// What a comparison found, as a table for people or as JSON for programs.
import { addressOf, type ServerAddress } from '../client/server-address.ts';
import type { Verdict } from '../comparison/rounds.ts';
import type { Compared } from './comparison.ts';
import { cut, table } from './text-table.ts';

/** The differences and, at the end, how many questions there were of each kind. */
export function report(results: readonly Compared[], servers: readonly [ServerAddress, ServerAddress], json: boolean): string {
  const [a, b] = servers.map(nameOf) as [string, string];
  if (json) return `${JSON.stringify({ servers: [a, b], counts: countsOf(results), questions: results.map(asJson).filter(differs) }, null, 2)}\n`;
  const rows = results.flatMap(({ question, verdict }) =>
    verdict.differences.map((each) => [question.name, question.type, each.kind, cut(each.a), cut(each.b)]),
  );
  const lines = rows.length === 0 ? [] : [...table([['name', 'type', 'differs', a, b], ...rows]), ''];
  return `${[...lines, summary(countsOf(results), results.length)].join('\n')}\n`;
}

/** What differs of one question, a line for each kind; as JSON one object. Empty where nothing does. */
export function differenceLines(compared: Compared, json: boolean): string {
  if (!differs(asJson(compared)) || (!json && compared.verdict.differences.length === 0)) return '';
  if (json) return `${JSON.stringify(asJson(compared))}\n`;
  const { question, verdict } = compared;
  return verdict.differences.map(({ kind, a, b }) => `${question.name} ${question.type} ${kind}: ${cut(a)} | ${cut(b)}\n`).join('');
}

function nameOf(server: ServerAddress): string {
  return `${server.transport}://${addressOf(server)}`;
}

function summary(counts: Counts, asked: number): string {
  const kinds = [
    `${counts.same} the same`,
    ...(counts['in turn'] > 0 ? [`${counts['in turn']} the same by turns`] : []),
    ...(counts.unanswered > 0 ? [`${counts.unanswered} that neither answers`] : []),
    `${counts.different} different`,
  ];
  return `${asked} questions: ${kinds.join(', ')}`;
}

type Counts = Readonly<Record<Verdict['state'], number>>;

/** Counts what comes of questions. */
export class Tally {
  readonly counts: Record<Verdict['state'], number> = { same: 0, 'in turn': 0, different: 0, unanswered: 0 };

  add({ verdict }: Compared): void {
    this.counts[verdict.state]++;
  }

  summary(): string {
    const asked = Object.values(this.counts).reduce((sum, each) => sum + each, 0);
    return summary(this.counts, asked);
  }
}

function countsOf(results: readonly Compared[]): Counts {
  const tally = new Tally();
  for (const each of results) tally.add(each);
  return tally.counts;
}

function asJson({ question, verdict }: Compared) {
  return { ...question, ...verdict };
}

function differs({ state }: { readonly state: Verdict['state'] }): boolean {
  return state === 'different' || state === 'unanswered';
}
