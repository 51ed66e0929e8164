// `ferrydns migrate simulate`: what it is told, what it prints, what it draws, and how it refuses.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runSimulate } from '../../src/command/simulate-command.ts';
import { readArrival, readCaches, readOutage } from '../../src/command/simulate-words.ts';
import { simulate } from '../../src/migration/simulator/simulate.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';

let folder = '';
let database = '';
let web = '';
let dns = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-simulate-'));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const sides = 'from: 192.0.2.1\nto: 192.0.2.2\n';
  database = write(
    'database.yaml',
    `plan: database\nname: db.example\n${sides}mode: exclusive\nttl: 30\ncaches: jvm 30s\nfence: [exec, /bin/true]\nhandback: on\n`,
  );
  web = write('web.yaml', `plan: web\nname: www.example\n${sides}ttl: 20\nweight: 50\ncheck: [to, tcp, 443]\ngate: [http, "http://127.0.0.1:9/"]\n`);
  dns = write('dns.yaml', `plan: dns\nname: dns.example\n${sides}ttl: 20\nrole: old\ncheck: [to, dns, dns.example, A]\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const json = (...words: string[]) => JSON.parse(runSimulate([...words, '-json']));

test('prints the drain curve, the last client, the loads, the split brain and the longest silence', () => {
  const out = runSimulate([database, '-clients', '2000']);
  expect(out).toMatch(/^plan database: 2000 clients for 191 s, every step begun as soon as it may be\n/);
  expect(out).toMatch(/^ +time +on A +on B +waiting {2}share on A +phase$/m);
  expect(out).toMatch(/^ +0 s +2000 +0 +0 {2}\[#{20}\] {2}lowering$/m);
  for (const phase of ['63 s .* countdown', '68 s .* flipping', '71 s .* draining', '101 s .* done'])
    expect(out).toMatch(new RegExp(`^ +${phase}$`, 'm'));
  expect(out).toMatch(/^the last client leaves A: after 9[78](\.\d)? s$/m);
  expect(out).toMatch(/^the plan says that A may be switched off: after 101 s$/m);
  expect(out).toMatch(/^peak load in a second: \d+ lookups lead to A, \d+ to B; \d+ queries at the server$/m);
  expect(out).toMatch(/^split brain, A and B in use side by side: never$/m);
  expect(out).toMatch(/^clients led to an A that is shut: for 30 s$/m);
  // A query that fails in the 3 s between A and B is kept by a JVM for 10 s.
  expect(out).toMatch(/^longest without an answer: 1[0-3](\.\d+)? s$/m);
  expect(out).toMatch(/^clients given A after B: none$/m);
});

test('violators are told of, and that the horizon is too early for them', () => {
  const out = runSimulate([database, '--clients', '2000', '--violators', '8%', '--stretch=120']);
  expect(out).toMatch(
    /^the last client leaves A: after (2[01]\d|19\d)(\.\d)? s\n.* 101 s\n {2}which is too early for caches that the plan does not name; A is shut/m,
  );
  expect(json(database, '-clients', '2000', '-forever', '5').stayed).toBeGreaterThan(50);
});

test('a DNS service is two servers, whose queries are told one by one', () => {
  const out = runSimulate([dns, '-clients', '2000']);
  expect(out).toMatch(/^peak load in a second: \d+ queries at DNS A, \d+ at DNS B$/m);
  expect(out).toMatch(/^A and B in use side by side: for /m);
});

test('checks and gates of a plan hold in a simulation, and its steps begin by themselves', () => {
  const { phases, refused, onA, onB } = json(web, '-clients', '2000');
  expect(phases.at(-1).phase).toBe('done');
  expect(refused).toEqual([]);
  expect(onA).toHaveLength(onB.length);
});

test('without a plan the upstream mixes: the same clients, both databases', () => {
  const out = runSimulate([database, '-clients', '1000', '-mixed', '300']);
  expect(out).toContain('without a plan: an upstream hands out A and B by chance for 300 s');
  expect(out).toMatch(/^split brain, A and B in use side by side: for 3\d\d(\.\d)? s, from 0 s to/m);
  expect(out).toMatch(/^clients given A after B: \d+ times$/m);
  expect(Number(/^clients given both: (\d+)$/m.exec(out)?.[1])).toBeGreaterThan(980);
  // 300 s, and then for longer than the TTL of 30 s and its slack.
  expect(out).toMatch(
    /^a plan that is done would give the names back after 333 s at the earliest: .*, and in 20 independent answers: of one cache alone they take 620 s$/m,
  );
  expect(out).toMatch(/^that it would do so while .* half and half: once in 1048576$/m);
});

test('caches that are given stand in the place of those of the plan', () => {
  const last = (...words: string[]) => json(database, '-clients', '1000', '-until', '150', ...words).lastOnA;
  expect(last()).toBeGreaterThan(90);
  expect(last('-caches', 'none')).toBeLessThanOrEqual(69);
  expect(last('-caches', 'resolver 30s x20, jvm 10s')).toBeLessThanOrEqual(78.1);
});

test('arrivals differ', () => {
  const peak = (arrival: string) => json(database, '-clients', '3000', '-arrival', arrival).peakB;
  expect(peak('step')).toBe(3000);
  expect(peak('spread')).toBeLessThan(1000);
  expect(json(database, '-clients', '3000', '-arrival', 'poisson 50').onA[0]).toBeLessThan(2000);
});

test('the same seed gives the same text, the same numbers and the same drawing', () => {
  const svg = (name: string) => join(folder, name);
  const words = [database, '-clients', '2000', '-violators', '8%', '-arrival', 'poisson 300', '-caches', 'resolver 30s x20, jvm 30s'];
  const [one, two] = [runSimulate([...words, '-svg', svg('1.svg')]), runSimulate([...words, '-svg', svg('2.svg')])];
  expect(one).toBe(two);
  expect(readFileSync(svg('1.svg'))).toEqual(readFileSync(svg('2.svg')));
  expect(readFileSync(svg('1.svg'), 'utf8')).toMatch(/^<svg xmlns.*<\/svg>\n$/s);
  expect(runSimulate([...words, '-json'])).toBe(runSimulate([...words, '-json']));
  expect(runSimulate([...words, '-seed', '2'])).not.toBe(one);
});

test('a TTL that the plan does not say is asked for', () => {
  const text = readFileSync(web, 'utf8').replace('ttl: 20\n', '');
  writeFileSync(web, text);
  expect(runSimulate([web, '-clients', '100'])).toContain('5 s is taken for it: say -ttl N');
  expect(runSimulate([web, '-clients', '100', '-ttl', '40'])).not.toContain('is taken for it');
  expect(json(web, '-clients', '100', '-ttl', '40').phases[1]).toEqual({ phase: 'transition', at: 43 });
});

describe('is refused with what was found and what was expected:', () => {
  test.each([
    { words: [], message: /^usage: ferrydns migrate simulate FILE/ },
    { words: ['x.yaml', 'y.yaml'], message: /^usage: ferrydns migrate simulate FILE/ },
    { words: ['-help'], message: /^usage: ferrydns migrate simulate FILE/ },
    { words: ['-hurry'], message: /^unknown flag -hurry\nusage: / },
    { words: ['nowhere.yaml'], message: /^nowhere\.yaml cannot be read: ENOENT/ },
  ])('$words', ({ words, message }) => {
    expect(() => runSimulate(words)).toThrow(message);
  });

  test.each([
    { words: ['-clients', 'many'], message: 'invalid value "many" for flag -clients, expected a whole number' },
    { words: ['-clients', '0'], message: 'invalid value "0" for flag -clients, expected 1 to 10000000' },
    { words: ['-violators', '101%'], message: 'invalid value "101%" for flag -violators, expected 0% to 100%' },
    { words: ['-stretch', '0', '-violators', '8'], message: 'invalid value "0" for flag -stretch, expected 1 or more' },
    { words: ['-violators', '60', '-forever', '41'], message: '-violators 60% and -forever 41% together, expected 100% of the clients at most' },
    { words: ['-fence', 'soon'], message: 'invalid value "soon" for flag -fence, expected a duration such as 20s, fails or cut' },
    { words: ['-fence', '-1s'], message: 'expected' },
    { words: ['-fence', '61s'], message: '-fence 61s is longer than the 60 s of fence_timeout in the plan, expected -fence cut' },
    { words: ['-fence', '1s', '-mixed', '60'], message: '-fence beside -mixed, which runs no plan, expected one of them' },
    { words: ['-outage', '1s-2s'], message: '-outage of a B that the plan does not check, expected a check of to in the plan' },
    { words: ['-until', '0'], message: '0 s are too many or too few to simulate, expected -until from 1 to 604800' },
    { words: ['-arrival', 'poisson'], message: /^invalid value "poisson" for flag -arrival, expected spread, step, or "poisson RATE"/ },
    { words: ['-caches', 'jvm'], message: '"jvm" for flag -caches, expected "jvm DURATION [DURATION]"' },
  ])('$words', ({ words, message }) => {
    expect(() => runSimulate([database, ...words, '-svg', join(folder, 'none.svg')])).toThrow(message);
    expect(existsSync(join(folder, 'none.svg'))).toBe(false);
  });
});

test('a fence is for a plan that has one', () => {
  expect(() => runSimulate([web, '-fence', '1s'])).toThrow('-fence for a plan without a fence, expected one in the plan');
});

test('a fence that takes its time keeps everybody waiting, and one that fails stops the plan', () => {
  const slow = json(database, '-clients', '500', '-fence', '20s');
  const quick = json(database, '-clients', '500');
  expect(slow.silence).toBeGreaterThan(quick.silence + 9);
  expect(slow.horizon).toBeGreaterThanOrEqual(quick.horizon);
  expect(slow.phases.at(-1).phase).toBe('done');
  expect(runSimulate([database, '-clients', '500', '-fence', '20s'])).toContain('as soon as it may be, the fence takes 20 s\n');
  const stuck = runSimulate([database, '-clients', '500', '-fence', 'fails']);
  expect(stuck).toContain('as soon as it may be, the fence fails\n');
  expect(stuck).toContain('the plan says that A may be switched off: not within this time');
  const cut = runSimulate([database, '-clients', '500', '-fence', 'cut']);
  expect(cut).toContain('as soon as it may be, the fence is cut short after 60 s\n');
  expect(cut).toMatch(/^the fence may have shut A: the plan waits for 'advance', or for 'rollback -a-is-open'/m);
  expect(cut).toMatch(/^clients given A after B: none$/m);
  expect(json(database, '-clients', '500', '-fence', 'cut').phases.at(-1).phase).toBe('flipping');
});

test('while B is down its clients are led back to A', () => {
  const words = [web, '-clients', '500', '-until', '120', '-ttl', '20'];
  const { onB } = json(...words, '-outage', '60s-90s');
  expect(onB[80]).toBeLessThan(json(...words).onB[80]);
  expect(runSimulate([...words, '-outage', '1m-1m30s'])).toContain(', B is down from 60 s to 90 s\n');
});

test.each(['', '100s', '100s-', '100s-100s', '130s-100s', '1s-2s-3s', '100-130', '-5s', 'x-y', '1s-200h'])('the outage "%s" is refused', (text) => {
  expect(() => readOutage(text)).toThrow(`invalid value "${text}" for flag -outage, expected two durations`);
});

test('what is odd about the plan is said first', () => {
  const text = readFileSync(database, 'utf8').replace(/fence: .*\n/, '');
  writeFileSync(database, text);
  const out = runSimulate([database, '-clients', '100']);
  expect(out).toMatch(/^\S*database\.yaml:5 - exclusive without a fence: .*\nplan database: /);
  expect(json(database, '-clients', '100').warnings).toEqual([expect.stringContaining('exclusive without a fence')]);
});

test('a stretch of no time ends all the same', () => {
  const { plan } = readPlanFile(readFileSync(database, 'utf8'), database).move;
  const options = { plan: { ...plan, advance: 'auto', handback: false } as const, clients: 200, seed: 1, until: 120 };
  expect(simulate({ ...options, violators: 0.08, stretch: 0 }).stayed).toBe(0);
});

test('caches are read in the notation of a plan', () => {
  expect(readCaches('none')).toEqual([]);
  expect(readCaches('resolver 30s x20, jvm 30s')).toEqual([
    { kind: 'resolver', seconds: 30, shared: 20 },
    { kind: 'jvm', seconds: 30, negative: 10, shared: 0 },
  ]);
  expect(readCaches('resolver, resolver x3,clamp 5s,clamp 1m x2')).toEqual([
    { kind: 'resolver', seconds: Number.POSITIVE_INFINITY, shared: 1 },
    { kind: 'resolver', seconds: Number.POSITIVE_INFINITY, shared: 3 },
    { kind: 'clamp', seconds: 5, shared: 0 },
    { kind: 'clamp', seconds: 60, shared: 2 },
  ]);
  expect(readCaches('jvm 1m30s 2s, forever, pool 30m')).toEqual([
    { kind: 'jvm', seconds: 90, negative: 2, shared: 0 },
    { kind: 'forever', seconds: 0, shared: 0 },
    { kind: 'pool', seconds: 1800, shared: 0 },
  ]);
});

test.each([
  ['', 'unknown cache "" for flag -caches, expected one of resolver, clamp, jvm, forever, pool, or none alone'],
  ['browser 60s', 'unknown cache "browser" for flag'],
  ['jvm 30s, none', 'unknown cache "none" for flag'],
  ['jvm 30', '"30" is not a duration such as 30s for flag -caches, expected "jvm DURATION [DURATION]"'],
  ['pool -5s', '"-5s" is not a duration'],
  ['pool 5s x3', '"pool … x3" for flag -caches, expected "pool DURATION"'],
  ['resolver x0', '"resolver … x0" for flag -caches, expected "resolver [CAP] [xNUMBER]"'],
  ['forever 3s', '"forever 3s" for flag -caches, expected "forever"'],
  ['clamp 1s 2s', '"clamp 1s 2s" for flag -caches, expected "clamp DURATION [xNUMBER]"'],
])('the caches "%s" are refused', (words, message) => {
  expect(() => readCaches(words)).toThrow(message);
});

test('arrivals are read', () => {
  expect(readArrival('spread')).toEqual({ kind: 'spread' });
  expect(readArrival(' step ')).toEqual({ kind: 'step' });
  expect(readArrival('poisson 12.5')).toEqual({ kind: 'poisson', rate: 12.5 });
  for (const wrong of ['', 'all', 'step 3', 'poisson 0', 'poisson -1', 'poisson 1e99', 'poisson 5 6', 'poisson 99999999']) {
    expect(() => readArrival(wrong), wrong).toThrow(`invalid value "${wrong}" for flag -arrival`);
  }
});
