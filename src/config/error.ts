// What is wrong with a configuration, and where: one problem, all problems of a file, and how they are printed.

/** A stretch of one line of a file. Line and column count from 1; column and length in UTF-16 units. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** What a problem may say beside its message. */
export interface ProblemDetails {
  readonly place: Place;
  /** What would have been right: "a duration such as 30s". */
  readonly expected?: string | undefined;
  /** The known word that is nearest to the one found. */
  readonly suggestion?: string | undefined;
  /** The plugin that refuses its options; absent for the language itself. */
  readonly plugin?: string | undefined;
}

/** One problem of a configuration. Its message is bare; {@link formatProblem} adds place, line and help. */
export class ConfigError extends Error {
  readonly place: Place;
  readonly expected: string | undefined;
  readonly suggestion: string | undefined;
  readonly plugin: string | undefined;

  constructor(message: string, details: ProblemDetails) {
    super(message);
    this.name = 'ConfigError';
    this.place = details.place;
    this.expected = details.expected;
    this.suggestion = details.suggestion;
    this.plugin = details.plugin;
  }
}

/** All problems of a configuration at once; its message prints every one of them. */
export class ConfigErrors extends Error {
  readonly problems: readonly ConfigError[];

  /** `sources` holds the text of each file by its name, to show the lines; without it only places are printed. */
  constructor(problems: readonly ConfigError[], sources?: ReadonlyMap<string, string>) {
    super(problems.map((problem) => formatProblem(problem, sources?.get(problem.place.file))).join('\n'));
    this.name = 'ConfigErrors';
    this.problems = problems;
  }
}

/**
 * Prints a problem: first `FILE:LINE - Error during parsing: MESSAGE` (the line that scripts look for), then, given
 * the text of the file, the line with a caret, then what was expected and the nearest known word.
 */
function formatProblem(problem: ConfigError, sourceText?: string): string {
  const { place, message } = problem;
  const kind = message.startsWith('Syntax error: ') ? '' : 'Error during parsing: ';
  const plugin = problem.plugin === undefined ? '' : `plugin/${problem.plugin}: `;
  const lines = [`${plugin}${place.file}:${place.line} - ${kind}${message}`];
  const source = sourceText?.split('\n')[place.line - 1]?.replaceAll('\r', '');
  if (source !== undefined) {
    const gutter = `${place.line}`.padStart(5);
    const before = source.slice(0, place.column - 1).replace(/[^\t]/g, ' ');
    const carets = '^'.repeat(Math.max(1, Math.min(place.length, source.length - place.column + 1)));
    lines.push(`${gutter} | ${source}`, `      | ${before}${carets}`);
  }
  if (problem.expected !== undefined) lines.push(`      expected ${problem.expected}`);
  if (problem.suggestion !== undefined) lines.push(`      did you mean '${problem.suggestion}'?`);
  return lines.join('\n');
}

/** A warning in the same shape, for the log: `FILE:LINE - MESSAGE`. */
export function formatWarning(place: Place, message: string, plugin?: string): string {
  return `${plugin === undefined ? '' : `plugin/${plugin}: `}${place.file}:${place.line} - ${message}`;
}

/** The known word nearest to `word` by edit distance; undefined when none is near enough to be meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const found = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(found.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - found.length) >= bestDistance) continue;
    const distance = editDistance(found, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let least = Math.min(at(row, j - 1) + 1, at(last, j) + 1, replaced);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) least = Math.min(least, at(beforeLast, j - 2) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}

/** What was thrown, in words; plugins in JavaScript may throw anything. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
