// What a plan is reckoned to take, and what its status promises while it runs, beside what a client saw, by a clock that the test owns.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { printReverse } from '../../src/command/migrate-forecast.ts';
import { type Forecast, forecastOf } from '../../src/migration/forecast.ts';
import type { Plan } from '../../src/migration/plan.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';
import { addressesOf, elapse, type PlanServer, type Status, servePlan, stopTime, ttlOf } from '../support/migration.ts';
import { A, B, corefile, name, there, upstreamOf } from '../support/moved-name.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

/** Milliseconds between two looks; what is done at a time may be seen a few of them later. */
const pace = 100;
const late = 3 * pace;

/** What was seen at one moment, milliseconds. */
interface Look {
  readonly at: number;
  readonly status: Status;
  readonly address: string | undefined;
  readonly ttl: number;
}

/** Begins each phase as soon as it may be, and looks all the time until the plan is done. */
async function run(server: PlanServer, { name: plan, advance }: Plan, epoch: number): Promise<Look[]> {
  await server.when(plan, (status) => status.epoch === epoch && status.upstream.before !== null);
  expect(await server.order(plan, 'start', epoch)).toBeUndefined();
  const looks: Look[] = [];
  for (;;) {
    const status = await server.status(plan);
    const answer = await server.ask(name);
    const [address] = addressesOf(answer);
    looks.push({ at: Date.now(), status, address, ttl: address === undefined ? 0 : ttlOf(answer) });
    if (status.phase === 'done') return looks;
    if (advance === 'manual' && (status.phase === 'lowering' || status.phase === 'transition')) await server.order(plan, 'advance', epoch);
    await elapse(pace);
  }
}

/** How long each phase was seen to last, seconds. */
function lasted(looks: readonly Look[], phase: string): number {
  const first = looks.find(({ status }) => status.phase === phase);
  const next = first === undefined ? undefined : looks.find(({ at, status }) => at > first.at && status.phase !== phase);
  return first === undefined || next === undefined ? 0 : (next.at - first.at) / 1000;
}

function judge(
  looks: readonly Look[],
  forecast: Forecast,
  { old, slack, caches }: { readonly old: string; readonly slack: number; readonly caches: number },
): void {
  const [begun] = looks;
  const end = looks.at(-1);
  for (const { phase, least } of forecast.phases.filter((each) => each.phase !== 'done')) {
    expect(lasted(looks, phase), phase).toBeGreaterThanOrEqual((least ?? 0) - late / 1000);
    expect(lasted(looks, phase), phase).toBeLessThanOrEqual((least ?? 0) + (2 * late) / 1000);
  }
  const off = Date.parse(end?.status.horizon.a_may_be_switched_off ?? '');
  expect((off - (begun?.at ?? 0)) / 1000).toBeGreaterThanOrEqual(forecast.untilOff - late / 1000);
  expect((off - (begun?.at ?? 0)) / 1000).toBeLessThanOrEqual(forecast.untilOff + (forecast.phases.length * late) / 1000);
  // Never early, and late by no more than a TTL and the slack.
  const leases = Math.max(...looks.filter(({ address }) => address === old).map(({ at, ttl }) => at + ttl * 1000));
  expect(off).toBeGreaterThanOrEqual(leases + caches * 1000);
  expect(off).toBeLessThanOrEqual(leases + (1 + slack + caches) * 1000 + late);
  const lastOld = looks.findLast(({ address }) => address === old)?.at ?? 0;
  const answered = looks.find(({ at, address }) => at > lastOld && address !== undefined)?.at ?? 0;
  expect((answered - lastOld) / 1000).toBeLessThanOrEqual(forecast.silence + late / 1000);
  for (const [at, promised] of promises(looks)) {
    expect(at, `not before ${new Date(promised).toISOString()}`).toBeGreaterThanOrEqual(promised - 1);
    expect(at, `soon after ${new Date(promised).toISOString()}`).toBeLessThanOrEqual(promised + late);
  }
}

/** When a phase or a step of it had ended, and when it would, said the status while it lasted: each promise of it. */
function promises(looks: readonly Look[]): [ended: number, promised: number][] {
  return looks.flatMap(({ at, status: { wait, phase, step } }) => {
    const next = looks.find((each) => each.at > at && (each.status.phase !== phase || each.status.step !== step));
    return wait?.until == null || next === undefined ? [] : [[next.at, Date.parse(wait.until)] as [number, number]];
  });
}

const blend = there.replace('mode: exclusive\n', '').replace('fence: [exec, /bin/true]\n', '');

test.each([
  ['exclusive, with a fence', there],
  ['exclusive, with caches below', `${there}caches: jvm 3s\n`],
  ['exclusive, without a fence', `${there.replace('fence: [exec, /bin/true]\n', '')}caches: jvm 2s\n`],
  ['exclusive, with a longer slack and countdown', `${there}slack: 5s\ncountdown: 4s\n`],
  ['blend', blend],
  ['blend, with caches below', `${blend}caches: jvm 3s\n`],
  ['blend, by a canary', `${blend}canary: [1%, 2%]\nadvance: auto\npace: 2s\n`],
])('%s: what was promised is what was seen, and so on the way back', async (_, text) => {
  const endpoint = await upstreamOf(A);
  await using server = await servePlan(corefile('ex.yaml', endpoint), { files: { 'ex.yaml': text } });
  const { plan } = readPlanFile(text, 'ex.yaml').move;
  const forecast = forecastOf(plan, { ttl: 2, upstreamTtl: 2 });
  const times = { slack: plan.slack, caches: plan.caches.reduce((sum, { seconds }) => sum + seconds, 0) };
  judge(await run(server, plan, 1), forecast, { old: A, ...times });
  const fence = /^fence.*$/m.exec(text)?.[0] ?? '';
  const back = `${printReverse(join(server.running.directory, 'ex.yaml'), { json: false, ttl: null })}\n${fence}\n`;
  writeFileSync(join(server.running.directory, 'back.yaml'), back);
  await server.running.reload(corefile('back.yaml', endpoint));
  judge(await run(server, { ...plan, name: 'ex-reverse' }, 2), forecast, { old: B, ...times });
});
