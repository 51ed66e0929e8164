// The example of a DNS service that moves from A to B, in a short form: fewer clients, shorter TTLs, real servers in processes of their own.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { drawCurve } from '../../examples/migration/curve.ts';
import type { Look, StoryResult } from '../../examples/migration/life.ts';
import { addressOfA, addressOfB } from '../../examples/migration/pair.ts';
import { type StoryOptions, tell } from '../../examples/migration/rules/story.ts';
import { complaints } from '../../examples/migration/rules/verdict.ts';
import { ferrydns } from '../../examples/migration/service.ts';
import { expectedShare } from '../../examples/migration/theory.ts';

const root = join(import.meta.dirname, '..', '..');
const short: StoryOptions = {
  clients: 200,
  seed: 1,
  // A TTL of 30 s takes 0.3 s.
  scale: 0.01,
  phases: 'spread',
  command: ferrydns,
  transition: 4,
  again: 1,
};

describe('while DNS A answers A and B and DNS B answers B', () => {
  test('the share of clients on DNS A halves with every TTL; they come back when B is down; in the end no answer names A', async () => {
    const result = await tell(short);
    expect(complaints(result, 3)).toEqual([]);
    const whole = result.looks.filter(({ stage, inStage }) => stage === 'transition' && Number.isInteger(inStage));
    expect(whole.map(({ expected }) => expected)).toEqual([1 / 2, 1 / 4, 1 / 8, 1 / 16]);
    for (const { measured, expected, sigma } of whole) expect(Math.abs(measured - expected)).toBeLessThan(3 * sigma);
    expect(lookAt(result, 'B is down', 1).measured).toBe(1);
    expect(lookAt(result, 'new', 1).measured).toBe(0);
    expect(result.stages.at(-1)?.tally).toMatchObject({ answers: { [addressOfB]: short.clients }, naming: { [addressOfB]: short.clients } });
    expect(result.end).toEqual([`example.domain. 30 IN A ${addressOfB}`]);
  });

  test('clients that ask in step move in steps', async () => {
    const result = await tell({ ...short, phases: 0.1, transition: 2 });
    expect(complaints(result, 3)).toEqual([]);
    const shares = result.looks.filter(({ stage }) => stage === 'transition').map(({ measured }) => measured);
    expect(new Set(shares.slice(0, 4)).size).toBe(1);
    expect(new Set(shares.slice(4)).size).toBe(1);
  });
});

test('the theory: one half to the power of the TTLs', () => {
  expect([1, 2, 3].map((ttls) => expectedShare('halve', 1, ttls, 'spread'))).toEqual([0.5, 0.25, 0.125]);
  // After k + f TTLs: 2^-k (1 - f/2) for spread phases.
  expect(expectedShare('halve', 1, 2.5, 'spread')).toBe(0.25 * 0.75);
  expect([0.05, 0.2, 1, 1.2].map((ttls) => expectedShare('halve', 1, ttls, 0.1))).toEqual([1, 0.5, 0.5, 0.25]);
  expect(expectedShare('return', 0.25, 0.5, 'spread')).toBe(0.625);
  expect(expectedShare('leave', 0.5, 0.5, 'spread')).toBe(0.25);
});

describe('the verdict', () => {
  const tally = { answers: {}, naming: {}, first: {}, several: 0, failures: 0 };
  const sound: StoryResult = {
    ttl: 30,
    looks: [{ stage: 'transition', time: 2, inStage: 1, measured: 0.52, expected: 0.5, sigma: 0.016 }],
    stages: [
      {
        name: 'transition',
        course: 'halve',
        start: 1,
        length: 1,
        tally: {
          ...tally,
          answers: { [addressOfA]: 900, [addressOfB]: 100 },
          naming: { [addressOfA]: 900, [addressOfB]: 1000 },
          first: { [addressOfA]: 440, [addressOfB]: 460 },
          several: 900,
        },
      },
      { name: 'new', course: 'leave', start: 2, length: 1, tally: { ...tally, naming: { [addressOfB]: 1000 } } },
    ],
    end: [`example.domain. 30 IN A ${addressOfB}`],
  };
  const [transition, last] = sound.stages;
  if (transition === undefined || last === undefined) throw new Error('two stages expected');
  const measured = (share: number): StoryResult => ({ ...sound, looks: sound.looks.map((look) => ({ ...look, measured: share })) });
  const inTransition = (change: Partial<typeof tally>): StoryResult => ({
    ...sound,
    stages: [{ ...transition, tally: { ...transition.tally, ...change } }, last],
  });

  test('is silent when all is well', () => {
    expect(complaints(sound, 4)).toEqual([]);
  });

  test.each([
    ['a share that is 4 sigma off', measured(0.57), 'transition: 57.0 % on DNS A after 1 TTL, expected 50.0 % ± 1.6 %'],
    ['a lost question', inTransition({ failures: 2 }), 'transition: 2 questions were answered by nobody'],
    ['a DNS B that names A', inTransition({ naming: { [addressOfA]: 950 } }), 'transition: DNS B named A, or DNS A did not'],
    ['a DNS A that does not rotate', inTransition({ first: { [addressOfA]: 900 } }), "100.0 % of DNS A's answers begin with A"],
    [
      'an answer that names A in the new state',
      { ...sound, stages: [transition, { ...last, tally: { ...tally, naming: { [addressOfA]: 1 } } }] },
      'new: 1 answers name A',
    ],
    ['an end that is not B', { ...sound, end: [] }, 'expected B alone'],
  ])('complains about %s', (_, result, complaint) => {
    expect(complaints(result, 4).join('\n')).toContain(complaint);
  });

  test('lets the run end with 1', async () => {
    // Node takes no -conf: the story cannot begin.
    const svg = join(mkdtempSync(join(tmpdir(), 'ferrydns-drain-')), 'drain.svg');
    const run = promisify(execFile)(process.execPath, [join(root, 'examples/migration/rules/run.ts'), '--server', process.execPath, '--svg', svg]);
    await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('DNS A has ended') });
    rmSync(join(svg, '..'), { recursive: true });
  });
});

test('the curve that is kept shows every stage', () => {
  const kept = readFileSync(join(root, 'examples/migration/rules/drain.svg'), 'utf8');
  expect(kept).toContain('<title>Share of clients that use DNS A</title>');
  expect(kept).toContain('1,000 clients');
  for (const stage of ['original', 'transition', 'B is down', 'B is back', 'new', 'A is off']) expect(kept).toContain(`>${stage}</text>`);
});

test('the curve shows every look as a point', () => {
  const looks: Look[] = [0.5, 1].map((time) => ({
    stage: 'transition',
    time,
    inStage: time,
    measured: 1 - time / 2,
    expected: 1 - time / 2,
    sigma: 0,
  }));
  const tally = { answers: {}, naming: {}, first: {}, several: 0, failures: 0 };
  const svg = drawCurve({ ttl: 30, looks, stages: [{ name: 'transition', course: 'halve', start: 0, length: 1, tally }], end: [] }, short);
  const points = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="3.2" fill="#0b5fa5" stroke/g)].map(([, x, y]) => [Number(x), Number(y)]);
  // From the left edge at 100 % to the right edge at 50 %.
  expect(points).toEqual([
    [72, 84],
    [504, 167],
    [936, 250],
  ]);
});

function lookAt({ looks }: StoryResult, stage: string, inStage: number): Look {
  const found = looks.find((look) => look.stage === stage && look.inStage === inStage);
  if (found === undefined) throw new Error(`no look at ${stage} after ${inStage} TTLs`);
  return found;
}
