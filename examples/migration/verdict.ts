// What must hold in every story of two DNS services: complaints, none when it does.
import type { Tally } from './client.ts';
import type { Look, StoryResult } from './life.ts';
import { addressOfA, addressOfB } from './pair.ts';
import { deviation } from './theory.ts';

/** How far the order of addresses may be off, in standard deviations: the servers' dice have no seed. */
const orderTolerance = 5;

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
