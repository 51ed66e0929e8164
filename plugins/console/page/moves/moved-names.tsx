// The names that a plan moves, each with its A and its B.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { Foreign } from '../parts/words.tsx';
import { visible } from '../words/visible.ts';

export function MovedNames({ names }: Pick<PlanStatus, 'names'>) {
  return (
    <ul class="moved-names">
      {names.map(({ name, from, to }) => (
        <li key={name}>
          <Foreign text={name} /> <span class="a-side">{from.map((each) => visible(each)).join(', ')}</span>
          <span aria-hidden="true"> → </span>
          <span class="unseen"> moves to </span>
          <span class="b-side">{to.map((each) => visible(each)).join(', ')}</span>
        </li>
      ))}
    </ul>
  );
}
