// What is wrong with a text, each at its place.
import type { Finding } from 'ferrydns/plugin';
import { shortPlace } from '../words/place.ts';
import { visible } from '../words/visible.ts';

interface ProblemParts {
  readonly problems: readonly Finding[];
  readonly tone: 'bad' | 'warn';
  /** Called with the place when a problem is chosen. */
  readonly show?: (problem: Finding) => void;
}

export function ProblemList({ problems, tone, show }: ProblemParts) {
  return (
    <ul class={`problems ${tone}`}>
      {problems.map((problem) => (
        <li key={`${problem.file}:${problem.line}:${problem.column} ${problem.message}`}>
          {show === undefined ? (
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

/** A pasted text is the only one of its kind; other files are named. */
function placeOf({ file, line, column }: Finding): string {
  const name = shortPlace(file);
  const other = !/^(Corefile|plan|pasted|$)/i.test(name);
  return `line ${line}${column === null ? '' : `, column ${column}`}${other ? ` of ${visible(name)}` : ''}`;
}
