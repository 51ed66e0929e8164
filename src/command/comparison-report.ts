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
  return `${[...lines, summary(results)].join('\n')}\n`;
}

function nameOf(server: ServerAddress): string {
  return `${server.transport}://${addressOf(server)}`;
}

function summary(results: readonly Compared[]): string {
  const counts = countsOf(results);
  const kinds = [
    `${counts.same} the same`,
    ...(counts['in turn'] > 0 ? [`${counts['in turn']} the same by turns`] : []),
    ...(counts.unanswered > 0 ? [`${counts.unanswered} that neither answers`] : []),
    `${counts.different} different`,
  ];
  return `${results.length} questions: ${kinds.join(', ')}`;
}

function countsOf(results: readonly Compared[]): Readonly<Record<Verdict['state'], number>> {
  const counts = { same: 0, 'in turn': 0, different: 0, unanswered: 0 };
  for (const { verdict } of results) counts[verdict.state]++;
  return counts;
}

function asJson({ question, verdict }: Compared) {
  return { ...question, ...verdict };
}

function differs({ state }: { readonly state: Verdict['state'] }): boolean {
  return state === 'different' || state === 'unanswered';
}
