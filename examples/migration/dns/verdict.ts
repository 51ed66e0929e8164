// Whether the story of the plan went as it should: a list of complaints, empty when it did.
import { addressOfA, addressOfB } from '../pair.ts';
import { commonComplaints, transitionComplaints } from '../verdict.ts';
import { type PlanStoryResult, promised, ttls } from './story.ts';

/** What a lease has on top of its TTL, as plans say by default: milliseconds. */
const slack = 3000;

/** Stages in which an address is in no answer. */
const unnamed: readonly (readonly [address: string, stages: readonly string[]])[] = [
  [addressOfA, ['draining', 'draining again', 'A is off']],
  [addressOfB, ['original', 'lowering', 'A alone', 'going back', 'B is off']],
];

/** Everything that is not as it should be. `sigmas` is how many standard deviations a share may be off. */
export function complaints(result: PlanStoryResult, sigmas: number): string[] {
  const { end, left, stages } = result;
  const transition = stages.find(({ name }) => name === 'transition')?.tally;
  const found = [...commonComplaints(result, sigmas), ...transitionComplaints(transition)];
  for (const [address, names] of unnamed) {
    for (const { name, tally } of stages) {
      const named = names.includes(name) ? (tally.naming[address] ?? 0) : 0;
      if (named > 0) found.push(`${name}: ${named} answers name ${address}, expected none`);
    }
  }
  const kept = left === addressOfA ? addressOfB : addressOfA;
  if (end.length !== 1 || end[0]?.endsWith(` ${kept}`) !== true) found.push(`the end: answered ${end.join(', ')}, expected ${kept} alone`);
  return [...found, ...ledgerComplaints(result), ...promiseComplaints(result)];
}

/** The servers may count a client too many, never one too few. */
function ledgerComplaints({ accounts, left, oldest, looks }: PlanStoryResult): string[] {
  const found = accounts.flatMap(({ stage, ledger, holding }, i) =>
    ledger < holding ? [`${stage}: after ${looks[i]?.inStage} TTL ${holding} clients hold ${left}, the ledger has ${ledger}`] : [],
  );
  if (oldest > ttls.moving * 1000) found.push(`transition: an answer with the old TTL had ${oldest} ms to live when it began`);
  return found;
}

/** No time that a server ever told may be before the last use of its own answers. */
function promiseComplaints({ accounts, last, lastUse, left, switchedOff }: PlanStoryResult): string[] {
  const found: string[] = [];
  for (const server of ['a', 'b'] as const) {
    const first = Math.min(...accounts.map(({ told }) => told[server] ?? Number.POSITIVE_INFINITY));
    if (first < lastUse[server])
      found.push(`DNS ${server.toUpperCase()} told a time to switch off ${left} that was ${lastUse[server] - first} ms early`);
  }
  if (promised(last) === null) return [...found, `nobody told when ${left} may be switched off`];
  const [time, late] = [promised(last) ?? 0, (last.told.a ?? 0) - lastUse.a];
  if (last.ledger > 0) found.push(`the ledger has ${last.ledger} clients on ${left} when it may be switched off`);
  // DNS B is started twice: what it gave before is unknown to it, and taken to last as long as it can.
  if (late > slack + ttls.steady * 1000) found.push(`DNS A told a time to switch off ${left} that was ${late} ms late`);
  if (switchedOff < time) found.push(`${left} was switched off ${time - switchedOff} ms before the time that was told`);
  return found;
}
