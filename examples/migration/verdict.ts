// Whether the story went as it should: a list of complaints, empty when it did.
import type { Tally } from './client.ts';
import type { Look } from './life.ts';
import { addressOfA, addressOfB } from './pair.ts';
import type { StoryResult } from './story.ts';
import { deviation } from './theory.ts';

/** How far the order of addresses may be off, in standard deviations: the servers' dice have no seed. */
const orderTolerance = 5;

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

/** What holds whatever moves the clients: the shares are those of the theory, and no question is lost. */
export function commonComplaints({ looks, stages }: StoryResult, sigmas: number): string[] {
  const lost = stages
    .filter(({ tally }) => tally.failures > 0)
    .map(({ name, tally }) => `${name}: ${tally.failures} questions were answered by nobody`);
  return [...looks.filter((look) => !fits(look, sigmas)).map(describeMisfit), ...lost];
}

/** DNS A names both, each of them first in half of its answers, and DNS B names B alone. */
export function transitionComplaints(tally: Tally | undefined): string[] {
  const toldByB = tally?.answers[addressOfB] ?? 0;
  const toldByA = tally?.answers[addressOfA] ?? 0;
  const found: string[] = [];
  if (toldByA === 0 || toldByB === 0) found.push(`transition: ${toldByA} answers by DNS A and ${toldByB} by DNS B, expected some of each`);
  if (tally?.naming[addressOfA] !== toldByA) found.push('transition: DNS B named A, or DNS A did not');
  if (tally?.several !== toldByA) found.push('transition: DNS A did not name both in every answer');
  const first = (tally?.first[addressOfA] ?? 0) / (tally?.several ?? 1);
  if (!(Math.abs(first - 0.5) <= orderTolerance * deviation(0.5, toldByA)))
    found.push(`transition: ${percent(first)} of DNS A's answers begin with A, expected about half`);
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
