// The example of two databases below a vendor's cache that mixes old and new, in a short form: the incident without a plan, and the same with one.
import { test } from 'vitest';
import { accountOf, moveAccountOf } from '../../examples/migration/database/account.ts';
import { type MoveOutcome, type StoryOptions, withoutPlan, withPlan } from '../../examples/migration/database/story.ts';
import { complaintsWith, complaintsWithout } from '../../examples/migration/database/verdict.ts';
import { ferrydns } from '../../examples/migration/service.ts';

const short: StoryOptions = { times: { vendor: 4, cluster: 1, jvm: 1, transition: 1, slack: 0.5 }, applications: 12, command: ferrydns };

test.concurrent('without a plan one application writes to both databases', async ({ expect }) => {
  const outcome = await withoutPlan(short);
  const account = accountOf(outcome);
  expect(complaintsWithout(account)).toEqual([]);
  const both = outcome.applications.find(({ name }) => {
    const firstAtB = outcome.sites.B.served.find(({ who }) => who === name)?.at ?? Number.POSITIVE_INFINITY;
    return outcome.sites.A.served.some(({ who, at }) => who === name && at > firstAtB);
  });
  expect(both).toBeDefined();
  expect(account.mixedAnswers).toBeGreaterThan(0);
  expect(complaintsWithout({ ...account, wroteToBoth: 0 })).toEqual([
    'without a plan: no application has written to both databases, expected the incident',
  ]);
});

test.concurrent('with the plan nobody is at A after B, and nobody misses A when it is switched off', async ({ expect }) => {
  const outcome = await withPlan(short);
  const account = moveAccountOf(outcome);
  expect(complaintsWith(account, outcome)).toEqual([]);

  // Never both: what is answered, and who is served.
  expect(account).toMatchObject({ wentBack: 0, wroteToBoth: 0, usedBoth: 0, mixedAnswers: 0, mixedLooks: 0, servedByAAfterB: 0 });
  const lastServedByA = Math.max(...outcome.sites.A.served.map(({ at }) => at));
  const firstServedByB = Math.min(...outcome.sites.B.served.map(({ at }) => at));
  expect(lastServedByA).toBeLessThanOrEqual(enteredAt(outcome, 'draining'));
  expect(firstServedByB).toBeGreaterThanOrEqual(enteredAt(outcome, 'draining'));
  expect(outcome.sites.A.shut).toBe(true);

  // The horizon: no application that the plan reckons with goes to A any more, not even in vain.
  for (const { status } of outcome.statuses) {
    const off = status.horizon.a_may_be_switched_off;
    if (off !== null) expect(Date.parse(off)).toBeGreaterThan(account.lastAtA);
  }
  expect(account.lastAtA).toBeLessThan(outcome.switchedOffAt);
  expect(account.goneAtA).toBe(0);
  // One that keeps its address for ever does, and is refused.
  const stuck = outcome.applications.find(({ honest }) => !honest);
  expect(stuck?.uses.at(-1)).toMatchObject({ side: 'A', outcome: 'gone' });
  expect(stuck?.uses.some((use) => use.outcome === 'refused')).toBe(true);

  // The hand-back: the vendor mixed, then showed B alone for longer than the longest TTL that it ever showed.
  expect(account.vendorMixed).toBe(true);
  expect(outcome.statuses.at(-1)?.status.upstream).toMatchObject({ now: { shows: 'to' }, longest_ttl: short.times.vendor });
  expect(account.cleanFor).toBeGreaterThan(short.times.vendor);
  expect(account.answersWithAAfterRelease).toBe(0);

  // Each of these alone is a broken promise.
  const broken: Partial<typeof account>[] = [
    { wentBack: 1 },
    { wroteToBoth: 1 },
    { usedBoth: 1 },
    { mixedAnswers: 1 },
    { mixedLooks: 1 },
    { servedByAAfterB: 1 },
    { goneAtA: 1 },
    { answersWithAAfterRelease: 1 },
    { horizon: account.lastAtA },
    { cleanFor: short.times.vendor },
    { phases: account.phases.slice(0, -1) },
  ];
  for (const change of broken) expect(complaintsWith({ ...account, ...change }, outcome)).toHaveLength(1);
});

function enteredAt({ journal }: MoveOutcome, phase: string): number {
  return Date.parse(journal.find(({ agreement }) => agreement?.phase === phase)?.at ?? '');
}
