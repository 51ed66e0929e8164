// Whether both runs went as they should: a list of complaints, empty when they did.
import type { Account, MoveAccount } from './account.ts';
import type { MoveOutcome } from './story.ts';

const course = ['original', 'lowering', 'countdown', 'flipping', 'draining', 'done', 'released'];

/** Without a plan the incident must happen, or the other run proves nothing. */
export function complaintsWithout({ wroteToBoth, wentBack, servedByAAfterB, mixedLooks }: Account): string[] {
  return [
    ...must(wentBack > 0, 'nobody was led from B back to A'),
    ...must(wroteToBoth > 0, 'no application has written to both databases'),
    ...must(mixedLooks > 0, 'no look found one name at A and the other at B'),
    ...must(servedByAAfterB > 0, 'A has served nobody after B had begun to'),
  ].map((complaint) => `without a plan: ${complaint}, expected the incident`);
}

/** Everything that a plan promises. */
export function complaintsWith(account: MoveAccount, outcome: MoveOutcome): string[] {
  const none = (number: number, what: string) => must(number === 0, `${number} ${what}, expected none`);
  const honest = outcome.applications.filter((each) => each.honest);
  const phases = account.phases.map(({ phase }) => phase);
  const { vendor } = outcome.times;
  return [
    ...none(account.wentBack, 'applications were given B and then A again'),
    ...none(account.wroteToBoth, 'applications wrote to A after B'),
    ...none(account.usedBoth, 'applications were served by A after B'),
    ...none(account.servedByAAfterB, 'times A has served somebody after B had begun to'),
    ...none(account.mixedAnswers, 'answers with A were asked for after one with B had been given'),
    ...none(account.mixedLooks, 'looks found one name at A and the other at B'),
    ...none(account.goneAtA, 'times an application found A switched off'),
    ...none(account.answersWithAAfterRelease, 'answers with A after the hand-back'),
    ...must(Number.isFinite(account.horizon), 'no status has said when A may be switched off'),
    ...must(account.lastAtA < account.horizon, `an application went to A ${late(account)} ms after it might be switched off`),
    ...must(
      account.cleanFor > vendor,
      `given back ${account.cleanFor} s after the vendor's last answer with A, expected more than its TTL of ${vendor}`,
    ),
    ...must(phases.join() === course.join(), `the phases were ${phases.join(', ')}, expected ${course.join(', ')}`),
    ...must(
      account.phases.every(({ epoch }) => epoch === 1),
      'there was a second epoch, expected one',
    ),
    ...must(fencedFirst(outcome), 'B was opened before the fence was done'),
    ...must(outcome.sites.A.shut, 'A was not shut'),
    ...must(
      honest.every((each) => each.uses.at(-1)?.side === 'B' && each.uses.at(-1)?.outcome === 'done'),
      'at the end an application is not served by B',
    ),
  ].map((complaint) => `with the plan: ${complaint}`);
}

function must(holds: boolean, complaint: string): string[] {
  return holds ? [] : [complaint];
}

function late({ lastAtA, horizon }: MoveAccount): number {
  return lastAtA - horizon;
}

function fencedFirst({ journal }: MoveOutcome): boolean {
  const opened = journal.find(({ agreement }) => agreement?.phase === 'draining');
  return opened?.agreement?.fence.state === 'done';
}
