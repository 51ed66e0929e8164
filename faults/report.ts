// What the faults gave, for people and for programs.
import { number, table } from '../bench/table.ts';
import { type Expectation, type Fault, type Figures, keeps } from './fault.ts';

/** One server in one fault. */
export interface Outcome {
  readonly server: string;
  readonly figures: Figures;
  /** Why there are no figures. */
  readonly failure?: string;
}

export interface FaultResult {
  readonly fault: Fault;
  readonly outcomes: readonly Outcome[];
  /** Why it was not run. */
  readonly skipped?: string;
}

/** The expectations that ferrydns does not meet, in words; empty when all is well. */
export function misses({ fault, outcomes }: FaultResult): readonly string[] {
  const own = outcomes.find(({ server }) => server === 'ferrydns');
  if (own === undefined) return [];
  if (own.failure !== undefined) return [`${fault.name}: ${own.failure}`];
  return fault.expectations
    .filter((expectation) => !keeps(expectation, own.figures))
    .map((expectation) => `${fault.name}: ${expectation.figure} is ${figure(own.figures[expectation.figure])}, expected ${bound(expectation)}`);
}

/** Markdown: a table with a row for each server, and one for what is expected of ferrydns. */
export function formatFault(result: FaultResult): string {
  const { fault, outcomes, skipped } = result;
  const head = `### ${fault.name}\n\n${capital(fault.title)}.\n`;
  if (skipped !== undefined) return `${head}\nNot run: ${skipped}`;
  const columns = [...new Set([...fault.expectations.map(({ figure: name }) => name), ...outcomes.flatMap(({ figures }) => Object.keys(figures))])];
  const expected = columns.map((name) => {
    const expectation = fault.expectations.find(({ figure: of }) => of === name);
    return expectation === undefined ? '' : bound(expectation);
  });
  const rows = outcomes
    .filter(({ failure }) => failure === undefined)
    .map(({ server, figures }) => [server, ...columns.map((name) => figure(figures[name]))]);
  const failures = outcomes.flatMap(({ server, failure }) => (failure === undefined ? [] : [`* ${server}: ${failure}`]));
  const missed = misses(result).map((miss) => `* **not met**: ${miss}`);
  return [head, table([['server', ...columns], ...rows, ['expected', ...expected]]), '', ...failures, ...missed].join('\n').trimEnd();
}

export function toJson(circumstances: object, results: readonly FaultResult[]): string {
  const faults = results.map((result) => {
    const { name, title, expectations } = result.fault;
    return { name, title, expectations, outcomes: result.outcomes, skipped: result.skipped, misses: misses(result) };
  });
  return `${JSON.stringify({ ...circumstances, faults }, undefined, 2)}\n`;
}

function bound({ atMost, atLeast }: Expectation): string {
  if (atMost === atLeast) return String(atMost);
  return atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
}

function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return number(value, Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 0);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
