// Whether the story went as it should: a list of complaints, empty when it did.
import { addressOfA, addressOfB, type Look, type StoryResult } from './story.ts';
import { deviation } from './theory.ts';

/** How far the order of addresses may be off, in standard deviations: the servers' dice have no seed. */
const orderTolerance = 5;

/** Everything that is not as it should be. `sigmas` is how many standard deviations a share may be off. */
export function complaints(result: StoryResult, sigmas: number): string[] {
  const stage = (name: string) => result.stages.find((each) => each.name === name)?.tally;
  const found = result.looks.filter((look) => !fits(look, sigmas)).map(describeMisfit);
  const must = (holds: boolean, complaint: string) => {
    if (!holds) found.push(complaint);
  };
  for (const { name, tally } of result.stages) must(tally.failures === 0, `${name}: ${tally.failures} questions were answered by nobody`);
  const transition = stage('transition');
  const toldByB = transition?.answers[addressOfB] ?? 0;
  const toldByA = transition?.answers[addressOfA] ?? 0;
  must(toldByA > 0 && toldByB > 0, `transition: ${toldByA} answers by DNS A and ${toldByB} by DNS B, expected some of each`);
  must(transition?.naming[addressOfA] === toldByA, 'transition: DNS B named A, or DNS A did not');
  must(transition?.several === toldByA, 'transition: DNS A did not name both in every answer');
  const first = (transition?.first[addressOfA] ?? 0) / (transition?.several ?? 1);
  must(
    Math.abs(first - 0.5) <= orderTolerance * deviation(0.5, toldByA),
    `transition: ${percent(first)} of DNS A's answers begin with A, expected about half`,
  );
  must(stage('B is down')?.answers[addressOfB] === undefined, 'B is down: DNS B has answered');
  for (const name of ['new', 'A is off']) {
    const named = stage(name)?.naming[addressOfA] ?? 0;
    must(named === 0, `${name}: ${named} answers name A, expected none`);
  }
  must(stage('A is off')?.answers[addressOfA] === undefined, 'A is off: DNS A has answered');
  must(result.end.length === 1 && result.end[0]?.endsWith(` ${addressOfB}`) === true, `the end: answered ${result.end.join(', ')}, expected B alone`);
  return found;
}

/** A share that must be all or nothing has no deviation; rounding of the sum has. */
function fits({ measured, expected, sigma }: Look, sigmas: number): boolean {
  return Math.abs(measured - expected) <= sigmas * sigma + 1e-9;
}

function describeMisfit({ stage, inStage, measured, expected, sigma }: Look): string {
  return `${stage}: ${percent(measured)} on DNS A after ${inStage} TTL, expected ${percent(expected)} ± ${percent(sigma)}`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
