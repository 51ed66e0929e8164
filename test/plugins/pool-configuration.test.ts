// What a pool refuses, and where it says the mistake is.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigErrors } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { fileSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';

/** The message that refuses a pool with these lines, and the line and column that it points at. */
async function refused(...lines: string[]): Promise<{ message: string; at: string }> {
  try {
    await using _server = await serve(`. {\npool www.example.org {\n${lines.join('\n')}\n}\nwhoami\n}\n`);
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    const [first] = error.problems;
    return { message: first?.message ?? '', at: `${first?.place.line}:${first?.place.column}` };
  }
  throw new Error('the Corefile was accepted');
}

test.each([
  ['no member', [], '2:6'],
  ['every member is backup', ['member 192.0.2.1 backup'], '3:8'],
  ['every member has weight 0', ['member 192.0.2.1 weight 0'], '3:8'],
  ["'192.0.2.1' is there twice", ['member 192.0.2.1', 'member 192.0.2.1 weight 2'], '4:8'],
  ["'2001:DB8::0:1' is there twice", ['member 2001:db8::1', 'member 2001:DB8::0:1'], '4:8'],
  ["'192.0.2.300' is neither an IP address nor a name", ['member 192.0.2.300'], '3:8'],
  ["'192.0.2.1/32' is neither an IP address nor a name, expected letters, digits, '-', '_' and '.'", ['member 192.0.2.1/32'], '3:8'],
  ["'192.0.2.1,' is neither an IP address nor a name", ['member 192.0.2.1, 192.0.2.2'], '3:8'],
  ["'192.0.2.x.1' is neither an IP address nor a name", ['member 192.0.2.x.1'], '3:8'],
  ["'weight' is there twice, expected it once", ['member 192.0.2.1 weight 3 weight 4'], '3:27'],
  ["'backup' is there twice, expected it once", ['member 192.0.2.1', 'member 192.0.2.2 backup backup'], '4:25'],
  ["bad weight '-1', expected a whole number from 0 to 65535", ['member 192.0.2.1 weight -1'], '3:25'],
  ["bad weight '70000'", ['member 192.0.2.1 weight 70000'], '3:25'],
  ['no weight', ['member 192.0.2.1 weight'], '3:18'],
  ["unexpected 'wieght'", ['member 192.0.2.1 wieght 3'], '3:18'],
  ['srv needs the name of a host', ['member 192.0.2.1 srv 10 143'], '3:8'],
  ["bad port '0'", ['member a.example.org srv 10 0'], '3:29'],
  ['is the pool itself', ['member WWW.example.org'], '3:8'],
  ["unknown policy 'random'", ['member 192.0.2.1', 'policy random'], '4:8'],
  ['policy least_load needs an agent', ['member 192.0.2.1', 'policy least_load'], '4:1'],
  ['policy failover answers one member', ['member 192.0.2.1', 'policy failover', 'max_answers 2'], '5:1'],
  ['found AAAA in', ['member 192.0.2.1', 'member 2001:db8::1', 'policy failover'], '4:8'],
  ["nothing after 'tcp', expected a port", ['member 192.0.2.1', 'agent tcp'], '4:7'],
  ["unknown agent 'udp'", ['member 192.0.2.1', 'agent udp 53'], '4:7'],
  ["unknown option 'fall' of agent", ['member 192.0.2.1', 'agent tcp 53 fall 3'], '4:14'],
  ["unknown check 'icmp'", ['member 192.0.2.1', 'check icmp'], '4:7'],
  ["'0' is not a port from 1 to 65535", ['member 192.0.2.1', 'check tcp 0'], '4:11'],
  ['neither :PORT/PATH nor an http URL', ['member 192.0.2.1', 'check http ftp://x/'], '4:12'],
  ["':/y' is neither :PORT/PATH nor an http URL", ['member 192.0.2.1', 'check http :/y'], '4:12'],
  ["':80@evil:90/x' is neither :PORT/PATH nor an http URL", ['member 192.0.2.1', 'check http :80@evil:90/x'], '4:12'],
  ['is not an HTTP status', ['member 192.0.2.1', 'check http :80/ 700'], '4:17'],
  ["unknown record type 'AAA'", ['member 192.0.2.1', 'check dns example.org AAA'], '4:23'],
  ["missing unit in duration '2'", ['member 192.0.2.1', 'check tcp 80 interval 2'], '4:23'],
  ["option 'interval' is there twice, expected it once", ['member 192.0.2.1', 'check tcp 80 interval 1s interval 2s'], '4:26'],
  ['timeout 3s is longer than interval 2s', ['member 192.0.2.1', 'check tcp 80 timeout 3s'], '4:7'],
  ["'0' is not a number of checks", ['member 192.0.2.1', 'check tcp 80 fall 0'], '4:19'],
  ["no duration after 'after'", ['member 192.0.2.1', 'failback after'], '4:1'],
  ["'manual' takes no duration", ['member 192.0.2.1', 'failback manual 3s'], '4:1'],
  ['all_down backup needs a member that is backup', ['member 192.0.2.1', 'all_down backup'], '4:1'],
])('%s is refused at its place', async (message, lines, at) => {
  const refusal = await refused(...lines);
  expect(refusal.message).toContain(message);
  expect(refusal.at).toBe(at);
});

test('a name with two pools in one server block is refused, where it is only checked as well', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'ferrydns-'));
  const file = join(folder.path, 'Corefile');
  writeFileSync(file, '. {\n pool www.example.org {\n member 192.0.2.1\n }\n pool WWW.Example.org. {\n member 192.0.2.2\n }\n whoami\n}');
  const server = new Server({ source: fileSource(file), registry, output: () => undefined, directory: folder.path });
  await expect(server.check()).rejects.toThrow(/Corefile:5 - .*pool www\.example\.org\. is there twice in this server block/);
  await expect(serve(readFileSync(file, 'utf8'))).rejects.toThrow(/:5 - .*pool www\.example\.org\. is there twice in this server block/);
});

test('a name outside the zones of the block is warned of', async () => {
  await using server = await serve('example.com {\n pool www.example.org {\n member 192.0.2.1\n }\n whoami\n}');
  expect(server.lines.join('\n')).toContain("'www.example.org.' is in no zone of the server block: only a rewrite can lead to it");
});

test('a rewritten name reaches the pool', async () => {
  await using server = await serve('. {\n rewrite name old.example.org www.example.org\n pool www.example.org {\n member 192.0.2.1\n }\n}');
  expect((await server.ask('old.example.org')).answers[0]).toContain('192.0.2.1');
});
