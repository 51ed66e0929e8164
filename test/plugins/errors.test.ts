import { serve } from 'ferrydns/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { faulty } from '../support/faulty.ts';
import { block, refusal } from '../support/refusal.ts';

afterEach(() => void vi.useRealTimers());
const plugins = { plugins: [faulty] };
const errorsWith = (...lines: readonly string[]) => block(`errors {\n${lines.join('\n')}\n}`, 'faulty');
const own = (lines: readonly string[]) => lines.filter((line) => line.includes('plugin/errors'));

test('errors logs code, name, type and reason of a failure, and the client gets the code', async () => {
  await using server = await serve(block('errors', 'faulty'), plugins);
  expect((await server.ask('FAIL.test', 'MX')).rcode).toBe('SERVFAIL');
  expect((await server.ask('refuse.test')).rcode).toBe('REFUSED');
  expect(own(server.lines)).toEqual([
    '[ERROR] plugin/errors: 2 fail.test. MX: upstream is away',
    '[ERROR] plugin/errors: 5 refuse.test. A: not for you',
  ]);
});

test('errors logs failures that come later', async () => {
  await using server = await serve(block('errors stdout', 'faulty'), plugins);
  expect((await server.ask('later-fail.test')).rcode).toBe('SERVFAIL');
  expect(own(server.lines)).toEqual(['[ERROR] plugin/errors: 2 later-fail.test. A: upstream stayed away']);
});

test('a failure keeps its extended error for clients that speak EDNS', async () => {
  await using server = await serve(block('errors', 'faulty'), plugins);
  const answer = await server.ask('fail.test', 'A', { udpSize: 1232 });
  expect(answer.reply.options.map(({ code, data }) => [code, Buffer.from(data).readUInt16BE(0)])).toEqual([[15, 23]]);
});

test('what answers is not logged', async () => {
  await using server = await serve(block('errors', 'faulty'), plugins);
  await server.ask('example.org');
  expect(server.lines).toEqual([]);
});

test('a bug of a plugin is left to the server, with the stack only where it is wanted', async () => {
  await using plain = await serve(block('errors', 'faulty'), plugins);
  await plain.ask('panic.test');
  await plain.ask('later-panic.test');
  expect(own(plain.lines)).toEqual([]);
  expect(plain.lines).toEqual([expect.stringContaining('this is a bug'), expect.stringContaining('this is a late bug')]);
  expect(plain.lines[0]).toMatch(
    /^\[ERROR\] Recovered from panic in server: "dns:\/\/127\.0\.0\.1:0" plugin\/faulty: this is a bug \(.*faulty\.ts:\d+\); question panic\.test\. IN A; .*Corefile:3$/,
  );
  await using traced = await serve(errorsWith('stacktrace'), plugins);
  await traced.ask('panic.test');
  expect(traced.lines[0]).toContain('\n    at ');
});

test('consolidate counts what matches and says so when the time is over', async () => {
  await using server = await serve(errorsWith('consolidate 5m "away$" warning', 'consolidate 10s "^not"'), plugins);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const asking = Promise.all([server.ask('fail.test'), server.ask('fail.test'), server.ask('refuse.test')]);
  await asking;
  expect(own(server.lines)).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(own(server.lines)).toEqual(["[ERROR] plugin/errors: 1 errors like '^not' occurred in last 10s"]);
  vi.advanceTimersByTime(290_000);
  expect(own(server.lines).at(-1)).toBe("[WARNING] plugin/errors: 2 errors like 'away$' occurred in last 5m0s");
});

test('a new period begins with the next error', async () => {
  await using server = await serve(errorsWith('consolidate 1s away info'), plugins);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await server.ask('fail.test');
  vi.advanceTimersByTime(5000);
  await server.ask('fail.test');
  vi.advanceTimersByTime(5000);
  expect(own(server.lines)).toHaveLength(2);
});

test('show_first prints the first error of a period, and a sum only if there were more', async () => {
  await using server = await serve(errorsWith('consolidate 1s away info show_first'), plugins);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await server.ask('fail.test');
  vi.advanceTimersByTime(1000);
  expect(own(server.lines)).toEqual(['[INFO] plugin/errors: 2 fail.test. A: upstream is away']);
  await server.ask('fail.test');
  await server.ask('fail.test');
  vi.advanceTimersByTime(1000);
  expect(own(server.lines).slice(1)).toEqual([
    '[INFO] plugin/errors: 2 fail.test. A: upstream is away',
    "[INFO] plugin/errors: 2 errors like 'away' occurred in last 1s",
  ]);
});

test('the first pattern that matches takes an error', async () => {
  await using server = await serve(errorsWith('consolidate 1h stream warning show_first', 'consolidate 1h away'), plugins);
  await server.ask('fail.test');
  expect(own(server.lines)).toEqual(['[WARNING] plugin/errors: 2 fail.test. A: upstream is away']);
});

test('what was counted is said when the server stops', async () => {
  const server = await serve(errorsWith('consolidate 1h away'), plugins);
  await server.ask('fail.test');
  await server.stop();
  expect(own(server.lines)).toEqual(["[ERROR] plugin/errors: 1 errors like 'away' occurred in last 1h0m0s"]);
});

test.each([
  ['errors stderr', 'invalid log file: stderr'],
  ['errors stdout stdout', 'Wrong argument count'],
  ['errors\nerrors', 'only be used once'],
  ['errors {\nverbose\n}', "unknown property 'verbose'"],
  ['errors {\nconsolidate 1m\n}', 'Wrong argument count'],
  ['errors {\nconsolidate often away\n}', "invalid duration 'often'"],
  ['errors {\nconsolidate 1m "(away"\n}', 'missing closing )'],
  ['errors {\nconsolidate 1m away loud\n}', "unexpected 'loud'"],
  ['errors {\nconsolidate 1m away show_first error\n}', 'Wrong argument count'],
  [`errors {\nconsolidate 1m ${'a'.repeat(10_001)}\n}`, 'regex pattern too long: 10001 > 10000'],
])('%j is refused', async (directive, message) => {
  expect(await refusal(block(directive))).toContain(message);
});
