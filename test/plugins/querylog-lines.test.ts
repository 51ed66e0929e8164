// Events as lines, in a file and on standard output: both forms, rotation, and a file that takes nothing.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { QueryEvent } from 'ferrydns/built-in';
import type { TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { eventLine } from '../../plugins/querylog/event-line.ts';
import { serveLogged } from '../support/query-log.ts';
import { refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const logging = (...options: readonly string[]) => `. {\n querylog {\n ${options.join('\n ')}\n }\n prometheus 127.0.0.1:0\n whoami\n }`;
const linesOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
const namesIn = (path: string) => linesOf(path).map((line) => (JSON.parse(line) as QueryEvent).name);
const pathOf = ({ directory }: TestServer, file = 'queries.log') => join(directory, file);

describe('a file', () => {
  test('gets a line of JSON for each event', async () => {
    await using server = await serveLogged(logging('file {{DIR}}/queries.log'));
    await server.ask('www.example.org', 'AAAA');
    await expect.poll(() => linesOf(pathOf(server)), soon).toHaveLength(1);
    expect(JSON.parse(linesOf(pathOf(server))[0] ?? '')).toMatchObject({
      client: '127.0.0.1',
      name: 'www.example.org.',
      type: 'AAAA',
      plugin: 'whoami',
      cache: null,
    });
  });

  test('has all that was asked when the server has stopped', async () => {
    const server = await serveLogged(logging('file {{DIR}}/queries.log'), { files: { keep: '' } });
    const link = `/tmp/ferrydns-querylog-${process.pid}.log`;
    await server.reload(logging(`file ${link}`));
    for (let i = 0; i < 50; i++) await server.ask(`n${i}.example.org`);
    await server.stop();
    expect(namesIn(link)).toHaveLength(50);
    rmSync(link);
  });

  test('is moved aside when it would become too large, and so many old ones stay', async () => {
    await using server = await serveLogged(logging('file {{DIR}}/queries.log 1K 2'));
    for (let i = 0; i < 12; i++) {
      await server.ask(`n${i}.example.org`);
      await expect
        .poll(() => [0, 1, 2, 3].flatMap((n) => namesIn(pathOf(server, n === 0 ? 'queries.log' : `queries.log.${n}`))), soon)
        .toContain(`n${i}.example.org.`);
    }
    expect(existsSync(pathOf(server, 'queries.log.2'))).toBe(true);
    expect(existsSync(pathOf(server, 'queries.log.3'))).toBe(false);
    expect(readFileSync(pathOf(server, 'queries.log.1')).length).toBeLessThanOrEqual(1024);
  });

  test('is followed when somebody else has moved it aside', async () => {
    await using server = await serveLogged(logging('file {{DIR}}/queries.log'));
    await server.ask('a.example.org');
    await expect.poll(() => linesOf(pathOf(server)), soon).toHaveLength(1);
    renameSync(pathOf(server), pathOf(server, 'moved.log'));
    await server.ask('b.example.org');
    await expect.poll(() => namesIn(pathOf(server)), soon).toEqual(['b.example.org.']);
    expect(namesIn(pathOf(server, 'moved.log'))).toEqual(['a.example.org.']);
  });

  test('that takes nothing more holds no answer up: what does not fit is counted, and said once', async () => {
    await using server = await serveLogged(logging('file /dev/full'));
    for (let i = 0; i < 20; i++) expect((await server.ask(`n${i}.example.org`)).rcode).toBe('NOERROR');
    await expect.poll(() => server.lines.filter((line) => line.includes('ENOSPC')), soon).toHaveLength(1);
  });

  test('that could not be written to for a while gets what came meanwhile', async () => {
    await using server = await serveLogged(logging('file {{DIR}}/logs/queries.log'), { files: { 'logs/keep': '' } });
    await server.ask('a.example.org');
    await expect.poll(() => linesOf(pathOf(server, 'logs/queries.log')), soon).toHaveLength(1);
    rmSync(pathOf(server, 'logs'), { recursive: true });
    await server.ask('b.example.org');
    await expect.poll(() => server.lines.filter((line) => line.includes('cannot be written to')), soon).toHaveLength(1);
    await server.ask('c.example.org');
    mkdirSync(pathOf(server, 'logs'));
    await expect.poll(() => namesIn(pathOf(server, 'logs/queries.log')), soon).toEqual(['b.example.org.', 'c.example.org.']);
    await expect.poll(() => server.lines.filter((line) => line.includes('is written to again')), soon).toHaveLength(1);
  });

  test('that cannot be opened refuses the configuration, and the one before goes on', async () => {
    await using server = await serveLogged(logging('file {{DIR}}/queries.log'));
    await expect(server.reload(logging('file /nowhere/queries.log'))).rejects.toThrow(
      /ENOENT.*\/nowhere\/queries.log.*expected a file that can be written to/,
    );
    await server.ask('a.example.org');
    await expect.poll(() => namesIn(pathOf(server)), soon).toEqual(['a.example.org.']);
  });

  test('of two server blocks is one, which must agree on it', async () => {
    const block = (zone: string, file: string) => `${zone}:0 {\n querylog {\n file {{DIR}}/queries.log ${file}\n }\n whoami\n }\n`;
    expect(await refusal(block('example.org', '1M') + block('example.com', '2M'))).toContain(
      'queries.log has another size, number of old files or format',
    );
    await using server = await serveLogged(block('example.org', '1M') + block('example.com', '1M'));
    await server.ask('a.example.org');
    await expect.poll(() => namesIn(pathOf(server)), soon).toEqual(['a.example.org.']);
  });

  test('of a size that is none is refused', async () => {
    expect(await refusal(logging('file q.log 10X'))).toContain("'10X' is not a size");
  });
});

describe('standard output', () => {
  test('gets lines in either form beside the log', async () => {
    await using json = await serveLogged(logging('stdout'));
    await json.ask('www.example.org');
    await expect.poll(() => json.lines.filter((line) => line.startsWith('{"time":"')), soon).toHaveLength(1);
    await using logfmt = await serveLogged(logging('stdout', 'format logfmt'));
    await logfmt.ask('www.example.org');
    const wanted = /^time=\S+Z client=127\.0\.0\.1 transport=tcp name=www\.example\.org\. type=A class=IN rcode=NOERROR .*plugin=whoami$/;
    await expect.poll(() => logfmt.lines.filter((line) => wanted.test(line)), soon).toHaveLength(1);
  });
});

describe('a line', () => {
  const hostile = {
    name: '<script>\\027[2J\\"; rcode=SERVFAIL\\010.',
    view: 'a b="\u001b[31m\u2028é\n',
    rcode: null,
    ttl: 3,
  } as unknown as QueryEvent;

  test('of JSON gives back what it was made of, and has printable characters alone', () => {
    const line = eventLine('json', hostile);
    expect(line).toMatch(/^[ -~]*$/);
    expect(JSON.parse(line)).toEqual(hostile);
  });

  test('of logfmt has no field that a name makes up', () => {
    const line = eventLine('logfmt', hostile);
    expect(line).toBe('name="<script>\\\\027[2J\\\\\\"; rcode=SERVFAIL\\\\010." view="a b=\\"\\u001b[31m\\u2028\\u00e9\\n" ttl=3');
  });
});
