// Whether the story went as it should: a list of complaints, empty when it did.
import type { StoryResult } from '../life.ts';
import { addressOfA, addressOfB } from '../pair.ts';
import { commonComplaints, transitionComplaints } from '../verdict.ts';

/** Everything that is not as it should be. `sigmas` is how many standard deviations a share may be off. */
export function complaints(result: StoryResult, sigmas: number): string[] {
  const stage = (name: string) => result.stages.find((each) => each.name === name)?.tally;
  const found = [...commonComplaints(result, sigmas), ...transitionComplaints(stage('transition'))];
  const must = (holds: boolean, complaint: string) => {
    if (!holds) found.push(complaint);
  };
  must(stage('B is down')?.answers[addressOfB] === undefined, 'B is down: DNS B has answered');
  for (const name of ['new', 'A is off']) {
    const named = stage(name)?.naming[addressOfA] ?? 0;
    must(named === 0, `${name}: ${named} answers name A, expected none`);
  }
  must(stage('A is off')?.answers[addressOfA] === undefined, 'A is off: DNS A has answered');
  must(result.end.length === 1 && result.end[0]?.endsWith(` ${addressOfB}`) === true, `the end: answered ${result.end.join(', ')}, expected B alone`);
  return found;
}
