import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { soon } from '../support/soon.ts';

const inline = (count: number) => Array.from({ length: count }, (_, i) => `  192.0.2.${i + 1} www.example.org`).join('\n');
const corefile = (directive: string, count = 3) => `.:0 {\n ${directive}\n hosts missing {\n${inline(count)}\n }\n}`;

/** The first address of so many answers. */
async function firsts(server: Awaited<ReturnType<typeof serve>>, times: number): Promise<Set<string | undefined>> {
  const seen = new Set<string | undefined>();
  for (let i = 0; i < times; i++) seen.add((await server.ask('www.example.org')).answers[0]?.split(' ').at(-1));
  return seen;
}

describe.each(['loadbalance', 'loadbalance round_robin', 'loadbalance\nloadbalance', 'loadbalance {\n  prefer\n }'])('%j', (directive) => {
  test('lets every address come first', async () => {
    await using server = await serve(corefile(directive));
    expect((await firsts(server, 60)).size).toBe(3);
  });
});

test('prefer lets an address in its networks come first', async () => {
  await using server = await serve(corefile('loadbalance {\n  prefer 192.0.2.3/32 192.0.2.2/32\n }'));
  expect(await firsts(server, 20)).toEqual(new Set(['192.0.2.3']));
});

test('networks of several uses add up, until one of them is weighted', async () => {
  const preferring = (address: string) => `loadbalance {\n  prefer ${address}/32\n }`;
  const files = { weights: '' };
  await using both = await serve(corefile(`${preferring('192.0.2.2')}\n ${preferring('192.0.2.3')}`));
  expect((await both.ask('www.example.org')).answers.map((line) => line.at(-1))).toEqual(['2', '3', '1']);
  await using one = await serve(corefile(`${preferring('192.0.2.2')}\n loadbalance weighted weights\n ${preferring('192.0.2.3')}`), { files });
  expect(await firsts(one, 20)).toEqual(new Set(['192.0.2.3']));
});

test.each(['NXDOMAIN', 'SERVFAIL'])('a reply that says %s is left as it is', async (rcode) => {
  const answers = ['192.0.2.1', 'a.test.'].map((data) => record({ name: 'x.', type: data.startsWith('a') ? 'CNAME' : 'A', data }));
  const fixed = definePlugin({
    name: 'fixed',
    summary: '',
    config: {},
    setup: () => ({ handle: () => Reply.empty(rcode as 'NXDOMAIN', { answers }) }),
  });
  await using server = await serve('.:0 {\n loadbalance\n fixed\n}', { plugins: [{ plugin: fixed, place: { before: 'whoami' } }] });
  expect((await server.ask('x')).answers.map((line) => line.split(' ')[3])).toEqual(['A', 'CNAME']);
});

describe('weighted', () => {
  test('lets the address that weighs most come first', async () => {
    await using server = await serve(corefile('loadbalance weighted weights'), { files: { weights: 'www.example.org\n192.0.2.2 255\n' } });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 50; i++) seen.push((await server.ask('www.example.org')).answers[0]?.split(' ').at(-1));
    expect(seen.filter((address) => address === '192.0.2.2').length).toBeGreaterThan(40);
  });

  test('waits for a file that is missing, and says so', async () => {
    await using server = await serve(corefile('loadbalance weighted later'));
    expect(server.lines).toContainEqual(expect.stringMatching(/^\[WARNING\] .*Failed to open weight file: .*later\. Will try again in 30s$/));
    expect((await firsts(server, 60)).size).toBe(3);
  });

  describe('reload', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval'] }));
    afterEach(() => void vi.useRealTimers());

    test('looks at the file every 30 seconds', async () => {
      await using server = await serve(corefile('loadbalance weighted weights', 2), { files: { weights: 'www.example.org\n192.0.2.1 255\n' } });
      const path = join(server.directory, 'weights');
      writeFileSync(path, 'www.example.org\n192.0.2.2 255\n');
      await vi.advanceTimersByTimeAsync(29_999);
      expect(server.lines.join('\n')).not.toContain('Successfully reloaded');
      await vi.advanceTimersByTimeAsync(1);
      await vi.waitFor(() => expect(server.lines).toContain(`[INFO] plugin/loadbalance: Successfully reloaded weight file ${path}`), soon);
      const seen: (string | undefined)[] = [];
      for (let i = 0; i < 50; i++) seen.push((await server.ask('www.example.org')).answers[0]?.split(' ').at(-1));
      expect(seen.filter((address) => address === '192.0.2.2').length).toBeGreaterThan(40);
    });

    test('keeps the weights when the file is wrong or gone; says what is wrong once', async () => {
      await using server = await serve(corefile('loadbalance weighted weights', 2), { files: { weights: 'www.example.org\n192.0.2.2 255\n' } });
      const path = join(server.directory, 'weights');
      const said = (text: string) => server.lines.filter((line) => line.includes(text)).length;
      const looked = async (times: number) => {
        for (let i = 0; i < times; i++) await vi.advanceTimersByTimeAsync(30_000);
      };
      writeFileSync(path, 'www.example.org\n192.0.2.2 many\n');
      await looked(1);
      await vi.waitFor(() => expect(said('wrong weight value:"many"')).toBe(1), soon);
      rmSync(path);
      await looked(1);
      await vi.waitFor(() => expect(said(`${path} cannot be read, what it said before stays in use: ENOENT`)).toBe(1), soon);
      await looked(3);
      const seen: (string | undefined)[] = [];
      for (let i = 0; i < 50; i++) seen.push((await server.ask('www.example.org')).answers[0]?.split(' ').at(-1));
      expect(seen.filter((address) => address === '192.0.2.2').length).toBeGreaterThan(40);
      expect([said('wrong weight value'), said('cannot be read')]).toEqual([1, 1]);
    });

    test('looks as often as `reload` says, and not at all when it is 0', async () => {
      await using server = await serve(corefile('loadbalance weighted weights {\n  reload 10s\n }'), { files: { weights: '' } });
      const before = vi.getTimerCount();
      await using once = await serve(corefile('loadbalance weighted weights {\n  reload 0\n }'), { files: { weights: '' } });
      // The hosts plugin of each has one.
      expect([before, vi.getTimerCount()]).toEqual([2, 3]);
      writeFileSync(join(server.directory, 'weights'), '\n');
      await vi.advanceTimersByTimeAsync(10_000);
      await vi.waitFor(() => expect(server.lines.join('\n')).toContain('Successfully reloaded'), soon);
      expect(once.lines.join('\n')).not.toContain('Successfully reloaded');
    });
  });
});

test.each([
  ['loadbalance random', 'unknown policy: random', 2],
  ['loadbalance round_robin a', 'unknown property for round_robin', 2],
  ['loadbalance weighted', 'missing weight file argument', 2],
  ['loadbalance weighted a b', "Wrong argument count or unexpected line ending after 'b'", 2],
  ['loadbalance weighted missing {\n reload 0\n}', 'weight file open error', 2],
  ['loadbalance weighted wrong', 'missing domain name in weight file', 2],
  ['loadbalance weighted weights {\n reload x\n}', "invalid duration 'x'", 3],
  ['loadbalance weighted weights {\n reload -1s\n}', 'duration -1s is out of range', 3],
  ['loadbalance weighted weights {\n prefer 10.0.0.0/8\n}', "unknown property 'prefer'", 3],
  ['loadbalance {\n reload 5s\n}', "unknown property 'reload'", 3],
  ['loadbalance {\n prefer nonsense\n}', 'invalid CIDR "nonsense"', 3],
  ['loadbalance {\n prefer 10.0.0.1\n}', 'invalid CIDR "10.0.0.1"', 3],
  ['loadbalance {\n nonsense\n}', "unknown property 'nonsense'", 3],
])('refuses %j', async (directive, message, line) => {
  const refused = serve(`.:0 {\n${directive}\n}`, { files: { weights: '', wrong: '192.0.2.1 5' } });
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.toMatchObject({ problems: [{ place: { line } }] });
});
