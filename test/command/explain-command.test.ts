// `ferrydns explain`, run as a process of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { runExplain } from '../../src/command/explain-command.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...words: readonly string[]): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'explain', ...words], { cwd: folder, timeout: 60_000 }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/** A Corefile that could not be served: its listeners are at an address that is not this machine's. */
const corefile = `example.org:53 {
    bind 192.0.2.254
    errors
    health 192.0.2.254:8080
    prometheus 192.0.2.254:9153
    rewrite name old.example.org www.example.org
    cache 30
    hosts {
        192.0.2.1 www.example.org
    }
}
`;

test('-conf starts the plugins, listens nowhere and ends', async () => {
  writeFileSync(join(folder, 'Corefile'), corefile);
  const { status, out } = await run('old.example.org', '-conf', 'Corefile');
  expect(status).toBe(0);
  const lines = out.split('\n').map((line) => line.replace(/ +\d+\.\d ms/, ' N ms'));
  expect(lines[0]).toBe('question  old.example.org. A, as asked by 127.0.0.1 of dns://192.0.2.254:53');
  expect(lines[1]).toBe('block     example.org. (Corefile:1)');
  expect(lines).toContainEqual(expect.stringMatching(/^plugins {3}prometheus :5 N ms {2}passed it on$/));
  expect(lines).toContainEqual(
    expect.stringMatching(/^ {10}rewrite :6 +N ms {2}changed the question: name old\.example\.org\. -> www\.example\.org\.$/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^ +- by the rule name old\.example\.org www\.example\.org \(Corefile:6\)$/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {10}hosts :8 +N ms {2}answered NOERROR, 1 record$/));
  expect(lines).toContain('          old.example.org. 30 IN A 192.0.2.1');
  expect(out).toContain('note      Corefile was started for this question alone');
});

test('-json prints the explanation as data', async () => {
  writeFileSync(join(folder, 'Corefile'), corefile);
  const { out } = await run('www.example.org', 'AAAA', '-client', '10.1.2.3', '-conf', 'Corefile', '-json');
  expect(JSON.parse(out)).toMatchObject({
    question: { name: 'www.example.org.', type: 'AAAA', class: 'IN' },
    client: '10.1.2.3',
    block: { zone: 'example.org.', place: 'Corefile:1' },
    answer: { rcode: 'NOERROR', answers: [] },
  });
});

test('without -conf the server that runs is asked at its admin address', async () => {
  const asked: string[] = [];
  const explanation = {
    question: { name: 'x.', type: 'A', class: 'IN' },
    client: '10.0.0.1',
    server: 'dns://:53',
    otherServers: [],
    otherBlocks: [],
    block: null,
  };
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const [status, body] = request.url?.includes('name=bad') === true ? [400, { ok: false, reason: 'not this name' }] : [200, explanation];
    response.writeHead(status).end(JSON.stringify({ ...body, steps: [], answer: null, milliseconds: 0, remarks: ['all is well'] }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { out } = await run('x', 'MX', '-client', '10.0.0.1', '-admin', admin);
  expect(asked).toEqual(['/explain?name=x&type=MX&client=10.0.0.1']);
  expect(out).toBe(
    'question  x. A, as asked by 10.0.0.1 of dns://:53\nblock     none\nplugins   none was asked\nanswer    none is sent\nnote      all is well\n',
  );
  expect(await run('bad', '-admin', admin)).toMatchObject({ status: 1, err: 'not this name\n' });
});

test('says what is wrong with what it is given', async () => {
  const refused = (...words: readonly string[]) =>
    runExplain(words, { registry, log: () => {} }).then(
      () => 'not refused',
      (error: Error) => error.message,
    );
  expect(await run('a..b')).toEqual({ status: 1, out: '', err: '"a..b" is no domain name: empty label in name: a..b\n' });
  expect(await refused()).toContain('usage: ferrydns explain NAME [TYPE]');
  expect(await refused('x', 'A', 'IN')).toContain('usage: ferrydns explain NAME [TYPE]');
  expect(await refused('x', 'FOO')).toContain('unknown type "FOO"');
  expect(await refused('x', '-client', 'me')).toBe('client "me" is no IP address');
  expect(await refused('x', '-conf', 'a', '-admin', 'b')).toContain('-conf and -admin exclude each other');
  expect(await refused('x', '-confusion')).toContain('unknown flag -confusion');
  writeFileSync(join(folder, 'broken'), '. {\n nonsense\n}\n');
  expect(await refused('x', '-conf', join(folder, 'broken'))).toContain("broken:2 - Error during parsing: Unknown directive 'nonsense'");
  expect(await refused('x', '-server', 'dns://:7', '-conf', join(folder, 'Corefile'))).toBe(
    'no listener dns://:7, expected one of dns://192.0.2.254:53',
  );
});

test('says so when no server answers at the admin address, and what to do', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  await expect(runExplain(['x', '-admin', admin], { registry, log: () => {} })).rejects.toThrow(
    `connect ECONNREFUSED ${admin}; nobody listens there, expected the admin address of a server that runs: -admin or FERRYDNS_ADMIN says where it is, and 'admin' in a Corefile opens one\n-conf FILE explains what a Corefile would answer without a server that runs`,
  );
});
