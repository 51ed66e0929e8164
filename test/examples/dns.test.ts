// The example of a DNS service that is moved by a plan: 1,000 clients, two servers in processes of their own, and what they know of the clients.
import { describe, expect, test } from 'vitest';
import { type Account, type Ending, type PlanStoryResult, promised, tell } from '../../examples/migration/dns/story.ts';
import { complaints } from '../../examples/migration/dns/verdict.ts';
import { addressOfA, addressOfB } from '../../examples/migration/pair.ts';
import { ferrydns } from '../../examples/migration/service.ts';

/** TTLs in the transition. */
const transition = 3;

function story(clients: number, ending: Ending): Promise<PlanStoryResult> {
  return tell({ clients, seed: 1, command: ferrydns, transition, ending });
}

function sharesIn({ looks }: PlanStoryResult, stage: string) {
  return looks.filter((look) => look.stage === stage && Number.isInteger(look.inStage));
}

function tallyOf({ stages }: PlanStoryResult, stage: string) {
  return stages.find(({ name }) => name === stage)?.tally;
}

/** How soon the shares follow is the first story's matter: the others begin their stages while servers start. */
function brokenPromises(result: PlanStoryResult): string[] {
  return complaints(result, 4).filter((complaint) => !complaint.includes('on DNS A after'));
}

// All at the same time: they wait more than they work.
describe.concurrent('a DNS service that is moved by a plan', { timeout: 120_000 }, () => {
  test('the share halves with each TTL, comes back when B is killed, and nobody uses A when it may be switched off', async ({ expect }) => {
    const clients = 1000;
    const result = await story(clients, { kind: 'move', again: 2 });
    expect(complaints(result, 4)).toEqual([]);

    expect(sharesIn(result, 'transition').map(({ expected }) => expected)).toEqual([1 / 2, 1 / 4, 1 / 8]);
    expect(sharesIn(result, 'B is down')[0]?.measured).toBe(1);
    expect(sharesIn(result, 'B is back').map(({ expected }) => expected)).toEqual([1 / 2, 1 / 4]);
    expect(sharesIn(result, 'draining')[0]?.measured).toBe(0);
    expect(tallyOf(result, 'B is down')?.answers[addressOfB]).toBeUndefined();
    expect(tallyOf(result, 'A alone')?.naming).toEqual({ [addressOfA]: clients });
    expect(tallyOf(result, 'A is off')?.answers[addressOfA]).toBeUndefined();

    const phases = new Set(result.accounts.map((account) => account.phases.a));
    expect([...phases]).toEqual(['original', 'lowering', 'transition', 'draining', 'done', undefined]);
    // Each of them is known by its address.
    expect(result.accounts.find(({ stage }) => stage === 'transition')?.ledger).toBe(clients);
    expect(result.last).toMatchObject({ ledger: 0, holding: 0 });
    expect(result.switchedOff).toBeGreaterThanOrEqual(Math.max(result.lastUse.a, result.lastUse.b));
  });

  test('rolled back from the transition, the clients come back, and nobody uses B when it may be switched off', async ({ expect }) => {
    const result = await story(300, { kind: 'rollback' });
    expect(brokenPromises(result)).toEqual([]);
    expect(sharesIn(result, 'going back')[0]?.measured).toBe(1);
    expect(result.left).toBe(addressOfB);
    // Both have led clients to B.
    expect(Math.min(result.lastUse.a, result.lastUse.b)).toBeGreaterThan(0);
    expect(result.last).toMatchObject({ ledger: 0, holding: 0, phases: { a: 'original', b: 'original' } });
    expect(tallyOf(result, 'B is off')).toMatchObject({ failures: 0 });
    expect(tallyOf(result, 'B is off')?.answers[addressOfB]).toBeUndefined();
  });

  test('when B is killed while A is being left, A is answered again, and no time to switch it off is told before that is over', async ({
    expect,
  }) => {
    const result = await story(300, { kind: 'late' });
    expect(brokenPromises(result)).toEqual([]);
    expect(sharesIn(result, 'B is down').at(-1)?.measured).toBe(1);
    expect(result.last).toMatchObject({ ledger: 0, holding: 0 });
  });
});

describe('the verdict', () => {
  const tally = { answers: {}, naming: {}, first: {}, several: 0, failures: 0 };
  const account = { stage: 'draining', phases: { a: 'done', b: 'done' }, ledger: 0, holding: 0, told: { a: 13_000, b: 12_000 } };
  const sound: PlanStoryResult = {
    ttl: 1,
    looks: [{ stage: 'draining', time: 1, inStage: 1, measured: 0, expected: 0, sigma: 0 }],
    stages: [
      {
        name: 'transition',
        course: 'halve',
        start: 0,
        length: 1,
        tally: {
          ...tally,
          answers: { [addressOfA]: 900, [addressOfB]: 100 },
          naming: { [addressOfA]: 900, [addressOfB]: 1000 },
          first: { [addressOfA]: 440, [addressOfB]: 460 },
          several: 900,
        },
      },
      { name: 'draining', course: 'leave', start: 1, length: 1, tally },
    ],
    end: [`example.domain. 2 IN A ${addressOfB}`],
    left: addressOfA,
    accounts: [account],
    last: account,
    lastUse: { a: 10_000, b: 0 },
    switchedOff: 13_000,
    oldest: 1000,
  };
  const [transition, draining] = sound.stages;
  if (transition === undefined || draining === undefined) throw new Error('two stages expected');
  const accounted = (change: Partial<Account>): PlanStoryResult => {
    const last = { ...account, ...change };
    return { ...sound, accounts: [last], last };
  };

  test('is silent when all is well', () => {
    expect(complaints(sound, 4)).toEqual([]);
    expect(promised(account)).toBe(13_000);
  });

  test.each([
    [
      'a client that the ledger does not know',
      accounted({ holding: 3, ledger: 2, told: { a: 13_000, b: 12_000 } }),
      '3 clients hold 127.0.0.2, the ledger has 2',
    ],
    ['a ledger that is not empty in the end', accounted({ ledger: 1 }), 'the ledger has 1 clients on 127.0.0.2 when it may be switched off'],
    ['a time that is early', accounted({ told: { a: 9000, b: 12_000 } }), 'DNS A told a time to switch off 127.0.0.2 that was 1000 ms early'],
    [
      'a time that was early once',
      { ...sound, accounts: [{ ...account, told: { a: 9999, b: 12_000 } }, account] },
      'DNS A told a time to switch off 127.0.0.2 that was 1 ms early',
    ],
    ['a time of B that is early', { ...sound, lastUse: { a: 10_000, b: 12_500 } }, 'DNS B told a time to switch off 127.0.0.2 that was 500 ms early'],
    ['a time that is late', accounted({ told: { a: 20_000, b: 12_000 } }), 'that was 10000 ms late'],
    ['no time', accounted({ told: { a: 13_000, b: null } }), 'nobody told when 127.0.0.2 may be switched off'],
    ['a server that is switched off before', { ...sound, switchedOff: 12_999 }, '127.0.0.2 was switched off 1 ms before the time that was told'],
    ['an old TTL', { ...sound, oldest: 1001 }, 'transition: an answer with the old TTL had 1001 ms to live when it began'],
    [
      'an answer with A in draining',
      { ...sound, stages: [transition, { ...draining, tally: { ...tally, naming: { [addressOfA]: 1 } } }] },
      'draining: 1 answers name 127.0.0.2, expected none',
    ],
    ['a lost question', { ...sound, stages: [transition, { ...draining, tally: { ...tally, failures: 1 } }] }, '1 questions were answered by nobody'],
    ['an end that is A', { ...sound, end: [`example.domain. 2 IN A ${addressOfA}`] }, 'expected 127.0.0.3 alone'],
  ] satisfies [string, PlanStoryResult, string][])('complains about %s', (_, result, complaint) => {
    expect(complaints(result, 4).join('\n')).toContain(complaint);
  });
});
