import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeQuery, parseName, type Query, Reply } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Answers } from '../../plugins/hosts/answers.ts';
import { HostsFile } from '../../plugins/hosts/hosts-file.ts';
import { parseAll } from '../../plugins/hosts/parse.ts';
import type { HostsTable } from '../../plugins/hosts/table.ts';
import { soon } from '../support/soon.ts';

const everything = { zones: [parseName('.')], reverse: true };
const log = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };

describe('the file', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hosts-'));
    path = join(directory, 'hosts');
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const open = () => new HostsFile(path, { ...everything, log });
  const addresses = ({ table }: HostsFile, name: string) => table.addresses(name, 4).map(({ text }) => text);

  test('is read when it appears, and again when it has changed', async () => {
    const file = open();
    await file.load();
    expect(addresses(file, 'a.test.')).toEqual([]);
    writeFileSync(path, '192.0.2.1 a.test\n');
    await file.load();
    expect(addresses(file, 'a.test.')).toEqual(['192.0.2.1']);
    appendFileSync(path, '192.0.2.2 a.test\n');
    await file.load();
    expect(addresses(file, 'a.test.')).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  test('that says the same is not parsed again', async () => {
    writeFileSync(path, '192.0.2.1 a.test\n');
    const file = open();
    await file.load();
    const { table } = file;
    utimesSync(path, 0, 0);
    await file.load();
    expect(file.table).toBe(table);
  });

  test('keeps its entries when it disappears', async () => {
    writeFileSync(path, '192.0.2.1 a.test\n');
    const file = open();
    await file.load();
    rmSync(path);
    await file.load();
    expect(addresses(file, 'a.test.')).toEqual(['192.0.2.1']);
  });

  test('of 100,000 entries is read in slices that leave room for queries', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `0.0.0.0 host-${i}.ads.example.org tracker-${i}.example.net`);
    writeFileSync(path, lines.join('\n'));
    const file = open();
    let turns = 0;
    let loading = true;
    const count = () => {
      turns++;
      if (loading) setImmediate(count);
    };
    count();
    await file.load();
    loading = false;
    expect(file.table.size).toBe(400_000);
    expect(turns).toBeGreaterThan(100);
  });
});

describe('reload', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval'] }));
  afterEach(() => void vi.useRealTimers());

  /** Lets the timers of that much time run, and what they started come to an end. */
  async function pass(server: TestServer, milliseconds: number, name: string, count: number): Promise<string[]> {
    await vi.advanceTimersByTimeAsync(milliseconds);
    return vi.waitFor(async () => {
      const { answers } = await server.ask(name);
      expect(answers).toHaveLength(count);
      return [...answers];
    }, soon);
  }

  test('looks at the file every five seconds', async () => {
    await using server = await serve('.:0 {\n hosts hosts\n}', { files: { hosts: '192.0.2.1 a.test\n' } });
    expect((await server.ask('a.test')).answers).toEqual(['a.test. 3600 IN A 192.0.2.1']);
    writeFileSync(join(server.directory, 'hosts'), '192.0.2.1 a.test\n192.0.2.2 a.test\n');
    await vi.advanceTimersByTimeAsync(4999);
    expect((await server.ask('a.test')).answers).toHaveLength(1);
    expect(await pass(server, 1, 'a.test', 2)).toEqual(['a.test. 3600 IN A 192.0.2.1', 'a.test. 3600 IN A 192.0.2.2']);
  });

  test('sees another file behind a switched link, of the same size and time', async () => {
    await using server = await serve('.:0 {\n hosts hosts\n}', { files: { one: '192.0.2.1 a.test\n', two: '192.0.2.2 a.test\n' } });
    const at = (name: string) => join(server.directory, name);
    // As on systems whose files are all of the same second.
    for (const name of ['one', 'two']) utimesSync(at(name), 1, 1);
    const switchTo = (name: string) => {
      symlinkSync(name, at('next'));
      renameSync(at('next'), at('hosts'));
    };
    for (const [i, name] of ['one', 'two', 'one'].entries()) {
      switchTo(name);
      await vi.advanceTimersByTimeAsync(5000);
      await vi.waitFor(async () => {
        expect((await server.ask('a.test')).answers).toEqual([`a.test. 3600 IN A 192.0.2.${(i % 2) + 1}`]);
      }, soon);
    }
  });

  test('looks as often as `reload` says', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  reload 300ms\n }\n}');
    writeFileSync(join(server.directory, 'hosts'), '192.0.2.1 a.test\n');
    expect(await pass(server, 300, 'a.test', 1)).toHaveLength(1);
  });

  test('looks once when `reload` is 0', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  reload 0\n }\n}', { files: { hosts: '192.0.2.1 a.test\n' } });
    expect(vi.getTimerCount()).toBe(0);
    expect((await server.ask('a.test')).answers).toHaveLength(1);
  });

  test('shows the entries of file and configuration and the time of the file', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  192.0.2.9 b.test\n }\n}', { files: { hosts: '192.0.2.1 a.test *.test\n' } });
    const label = `hostsfile="${server.directory}/hosts"`;
    expect(await server.metrics()).toContain(`coredns_hosts_entries{${label}} 5\n`);
    const written = statSync(join(server.directory, 'hosts')).mtimeMs / 1000;
    const [, shown] = /^coredns_hosts_reload_timestamp_seconds (\S+)$/m.exec(await server.metrics()) ?? [];
    expect(Number(shown)).toBeCloseTo(written, 2);
  });
});

describe('replies', () => {
  const ask = (name: string, type = 'A'): Query => {
    const client = { address: '127.0.0.1', port: 1, family: 4, transport: 'udp', localAddress: '', localPort: 53 } as const;
    return makeQuery({ name: parseName(name), type, client, receivedAt: 0 });
  };
  const passed = Reply.empty('NXDOMAIN');
  const answersFrom = (file: { readonly table: HostsTable }) =>
    new Answers({
      file: Object.assign(file, { path: '/etc/hosts' }),
      inline: parseAll('', everything),
      zones: everything.zones,
      ttl: 60,
      fallthrough: everything.zones,
      passUnsupported: false,
    });

  test('are the same object for the same question, until the entries change', () => {
    const file = { table: parseAll('192.0.2.1 a.test *.wild.test', everything) };
    const answers = answersFrom(file);
    const questions = [ask('a.test'), ask('a.test', 'AAAA'), ask('a.test', 'TXT'), ask('b.wild.test'), ask('1.2.0.192.in-addr.arpa', 'PTR')];
    const first = questions.map((question) => answers.handle(question, () => passed));
    expect(new Set(first).size).toBe(5);
    questions.forEach((question, i) => void expect(answers.handle(question, () => passed)).toBe(first[i]));
    file.table = parseAll('192.0.2.2 a.test', everything);
    const reply = answers.handle(ask('a.test'), () => passed) as Reply;
    expect(reply.answers.map(({ data }) => data)).toEqual(['192.0.2.2']);
    expect(answers.handle(ask('b.wild.test'), () => passed)).toBe(passed);
  });

  test('of a wildcard do not pile up', () => {
    const table = parseAll('192.0.2.1 *.wild.test', everything);
    const answers = answersFrom({ table });
    const first = answers.handle(ask('first.wild.test'), () => passed);
    for (let i = 0; i < 10_000; i++) answers.handle(ask(`n${i}.wild.test`), () => passed);
    expect(answers.handle(ask('first.wild.test'), () => passed)).not.toBe(first);
    expect(answers.handle(ask('n9999.wild.test'), () => passed)).toBe(answers.handle(ask('n9999.wild.test'), () => passed));
  });
});
