// What is wrong with a text, each at its place.
import { visible } from '../words/visible.ts';

/** Lines and columns count from 1. */
export interface Problem {
  readonly message: string;
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

interface ProblemParts {
  readonly problems: readonly Problem[];
  readonly tone: 'bad' | 'warn';
  /** Called with the place when a problem is chosen. */
  readonly show?: (problem: Problem) => void;
}

export function ProblemList({ problems, tone, show }: ProblemParts) {
  return (
    <ul class={`problems ${tone}`}>
      {problems.map((problem) => (
        <li key={`${problem.file}:${problem.line}:${problem.column} ${problem.message}`}>
          {show === undefined || problem.line === null ? (
            <span class="place">{placeOf(problem)}</span>
          ) : (
            <button type="button" class="place" onClick={() => show(problem)}>
              {placeOf(problem)}
            </button>
          )}
          {visible(problem.message)}
        </li>
      ))}
    </ul>
  );
}

function placeOf({ file, line, column }: Problem): string {
  if (line === null) return visible(file);
  return `line ${line}${column === null ? '' : `, column ${column}`}${/^(Corefile|plan|pasted)/i.test(file) || file === '' ? '' : ` of ${visible(file)}`}`;
}
