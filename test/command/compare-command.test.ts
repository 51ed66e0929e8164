// `ferrydns compare` against scripted servers over real sockets.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCompare } from '../../src/command/compare-command.ts';
import { type Reaction, type Script, startUpstream } from '../support/upstream.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-compare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(...lines: readonly string[]): string {
  const file = join(folder, `questions-${++files}.txt`);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/** What the command says of two servers that answer by these scripts. */
async function compare({ a, b = a, questions, words = [] }: { a: Script; b?: Script; questions: readonly string[]; words?: readonly string[] }) {
  const first = await startUpstream(a);
  const second = await startUpstream(b);
  try {
    const servers = `${first.endpoint},${second.endpoint}`;
    const rounds = words.includes('-rounds') ? [] : ['-rounds', '3'];
    const { text, differs } = await runCompare(['-servers', servers, '-queries', fileOf(...questions), ...rounds, ...words]);
    const shown = text.replaceAll(first.endpoint, 'A').replaceAll(second.endpoint, 'B').replaceAll(/ {2,}/g, '  ');
    return { text: shown, differs, asked: [first.asked.length, second.asked.length] };
  } finally {
    await first.stop();
    await second.stop();
  }
}

test('servers that say the same are asked once for each question of the file, and the exit status is 0', async () => {
  const a: Script = {
    'www.example.org A': ['www.example.org 300 A 192.0.2.1', 'www.example.org 300 A 192.0.2.2'],
    'gone.example.org A': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org admin.example.org 7 1 2 3 60'] },
    'www.example.org MX': [],
  };
  const b: Script = {
    'www.example.org A': ['WWW.example.org 300 A 192.0.2.2', 'www.example.org 300 A 192.0.2.1'],
    'gone.example.org A': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org admin.example.org 8 1 2 3 60'] },
    'www.example.org MX': [],
  };
  const questions = ['# what people ask', 'www.example.org', 'gone.example.org A ; a denial', '', 'WWW.example.org. mx', 'www.example.org A'];
  expect(await compare({ a, b, questions })).toEqual({ text: '3 questions: 3 the same, 0 different\n', differs: false, asked: [3, 3] });
});

const address = ['www.example.org 300 A 192.0.2.1'];
const chain = ['order.example.org 300 CNAME web.example.org', 'web.example.org 300 A 192.0.2.1'];
const denial = (minimum: number) => ({ rcode: 'NXDOMAIN', authority: [`example.org 60 SOA ns.example.org admin.example.org 7 1 2 3 ${minimum}`] });

/** What differs, two answers that differ in it and in nothing else, and the cells of the table. */
const differences: readonly (readonly [kind: string, a: Reaction, b: Reaction, cells: string])[] = [
  ['rcode', 'REFUSED', 'SERVFAIL', 'REFUSED  SERVFAIL'],
  ['flags', { flags: ['ra', 'ad'] }, { flags: [] }, 'ra, ad  -'],
  [
    'answer',
    ['answer.example.org 300 A 192.0.2.1'],
    ['answer.example.org 300 A 192.0.2.9'],
    'answer.example.org. A 192.0.2.1  answer.example.org. A 192.0.2.9',
  ],
  ['order', chain, chain.toReversed(), 'order.example.org. CNAME, web.example.org. A  web.example.org. A, order.example.org. CNAME'],
  ['ttl', ['ttl.example.org 300 A 192.0.2.1'], ['ttl.example.org 5 A 192.0.2.1'], 'ttl.example.org. A 300 s  ttl.example.org. A 5 s'],
  ['authority', denial(60), denial(5), 'example.org. SOA minimum 60  example.org. SOA minimum 5'],
  ['additional', { additional: ['ns.example.org 300 A 192.0.2.5'] }, {}, 'ns.example.org. A 192.0.2.5  -'],
];
const each = {
  a: Object.fromEntries(differences.map(([kind, a]) => [`${kind}.example.org *`, a])),
  b: Object.fromEntries(differences.map(([kind, , b]) => [`${kind}.example.org *`, b])),
  questions: differences.map(([kind]) => `${kind}.example.org`),
};

test('each kind of difference is a row of the table, and the exit status is 1', async () => {
  const { text, differs } = await compare({ ...each, words: ['-rounds', '2'] });
  const rows = differences.map(([kind, , , cells]) => `${kind}.example.org.  A  ${kind}  ${cells}`);
  expect(text).toBe(['name  type  differs  dns://A  dns://B', ...rows, '', '7 questions: 0 the same, 7 different', ''].join('\n'));
  expect(differs).toBe(true);
});

test('what is to be ignored does not count', async () => {
  const ignore = differences.map(([kind]) => kind).join(',');
  expect(await compare({ ...each, words: ['-ignore', ignore] })).toMatchObject({ text: '7 questions: 7 the same, 0 different\n', differs: false });
});

test('answers that take turns count when the other side never says them; a failure that passes, and a TTL that a cache counts down, do not', async () => {
  const turns = (...addresses: readonly string[]) => ({ sequence: addresses.map((last) => [`turns.example.org 300 A 192.0.2.${last}`]) });
  let left = 200;
  const countedDown = () => ({ answer: [`cached.example.org ${--left} A 192.0.2.1`] });
  const a: Script = {
    'turns.example.org A': turns('1', '2', '3'),
    'others.example.org A': turns('1', '2', '3'),
    'failed.example.org A': { sequence: ['SERVFAIL', address] },
    'cached.example.org A': ['cached.example.org 300 A 192.0.2.1'],
  };
  const b: Script = {
    'turns.example.org A': turns('2', '3', '1'),
    'others.example.org A': turns('7', '8', '9'),
    'failed.example.org A': address,
    'cached.example.org A': countedDown,
  };
  const { text, asked } = await compare({ a, b, questions: ['turns.example.org', 'others.example.org', 'failed.example.org', 'cached.example.org'] });
  expect(text).toMatch(/^others\.example\.org\. {2}A {2}answer {2}/m);
  expect(text).toContain('4 questions: 1 the same, 2 the same by turns, 1 different\n');
  expect(asked).toEqual([12, 12]);
});

test('a server that is silent, lies or is not there differs from one that replies; where none replies nothing differs', async () => {
  const words = ['-timeout', '200ms', '-rounds', '1'];
  const questions = ['www.example.org'];
  const silent = await compare({ a: { '* *': address }, b: { '* *': { drop: true } }, questions, words });
  expect(silent.text).toMatch(/www\.example\.org\. {2}A {2}reply {2}NOERROR {2}.*i\/o timeout/);
  const forged = await compare({ a: { '* *': address }, b: { '* *': { answer: address, idOffset: 1 } }, questions, words });
  expect(forged.differs).toBe(true);
  const neither = await compare({ a: { '* *': { drop: true } }, questions, words });
  expect(neither).toMatchObject({ text: '1 questions: 0 the same, 1 that neither answers, 0 different\n', differs: false });
});

test('what is cut over UDP is asked for over TCP', async () => {
  const records = Array.from({ length: 200 }, (_, i) => `www.example.org 300 A 192.0.2.${i}`);
  expect(await compare({ a: { '* *': { answer: records, truncate: true } }, b: { '* *': records }, questions: ['www.example.org'] })).toMatchObject({
    differs: false,
  });
});

test('a name may hold anything, and is printed as text', async () => {
  const { text } = await compare({
    a: { '* *': address },
    b: { '* *': 'NXDOMAIN' },
    words: ['-rounds', '1'],
    questions: ['\\027[31m<script>.example.org'],
  });
  expect(text).toContain('\\027[31m<script>.example.org');
  expect(text).not.toContain('\x1b');
});

test('-json prints every difference whole', async () => {
  const { text } = await compare({
    a: { '* *': address },
    b: { '* *': 'NXDOMAIN' },
    questions: ['www.example.org'],
    words: ['-json', '-rounds', '1', '-ignore', 'answer'],
  });
  expect(JSON.parse(text)).toEqual({
    servers: ['dns://A', 'dns://B'],
    counts: { same: 0, 'in turn': 0, different: 1, unanswered: 0 },
    questions: [{ name: 'www.example.org.', type: 'A', state: 'different', differences: [{ kind: 'rcode', a: 'NOERROR', b: 'NXDOMAIN' }] }],
  });
});

test.each([
  ['two servers', ['-queries', fileOf('example.org')], '-servers is missing: expected two addresses'],
  ['three of them', ['-servers', '127.0.0.1,127.0.0.2,127.0.0.3', '-queries', fileOf('example.org')], 'expected two addresses'],
  ['an address', ['-servers', '127.0.0.1,dns.example.org', '-queries', fileOf('example.org')], "must specify an IP address: 'dns.example.org'"],
  [
    'a transport that is asked',
    ['-servers', '127.0.0.1,grpc://127.0.0.1', '-queries', fileOf('example.org')],
    'grpc is not asked, expected dns, tls or https',
  ],
  ['questions', ['-servers', '127.0.0.1,127.0.0.2'], 'no questions, expected -queries FILE'],
  ['a file', ['-servers', '127.0.0.1,127.0.0.2', '-queries', join(folder, 'none')], 'none cannot be read'],
  ['a type', ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('example.org A', 'example.org BOGUS')], '.txt:2 - unknown type "BOGUS"'],
  ['a name', ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('a..b')], '.txt:1 - "a..b" is no domain name'],
  [
    'a word that nobody can look for',
    ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf(`a A ${'b'.repeat(5000)}`)],
    '.txt:1 - a word of 5000 characters',
  ],
  ['a name of bearable length', ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('a'.repeat(5000))], '.txt:1 - a word of 5000 characters'],
  [
    'one question a line',
    ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('a.example A b.example')],
    '.txt:1 - unexpected "b.example", expected NAME [TYPE]',
  ],
  ['some question', ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('# none')], 'has no question'],
  ['a rate', ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('example.org'), '-rate', '0'], 'invalid value "0" for flag -rate'],
  ['a time', ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('example.org'), '-timeout', '2'], "missing unit in duration '2'"],
  [
    'a kind',
    ['-servers', '127.0.0.1,127.0.0.2', '-queries', fileOf('example.org'), '-ignore', 'ttls'],
    '-ignore ttls: expected some of rcode, flags',
  ],
])('without %s it says what was expected, and asks nobody', async (_, words, message) => {
  await expect(runCompare(words)).rejects.toThrow(message);
});

test('the command reads standard input and ends with status 1 when something differs', async () => {
  const a = await startUpstream({ '* *': address });
  const b = await startUpstream({ '* *': 'REFUSED' });
  try {
    const main = join(import.meta.dirname, '../../src/main.ts');
    const { promise, resolve } = Promise.withResolvers<{ status: unknown; out: string }>();
    const words = ['compare', '-servers', `${a.endpoint},dns://${b.endpoint}`, '-queries', '-', '-rounds', '1'];
    const child = execFile(process.execPath, [main, ...words], (error, out) => resolve({ status: error?.code ?? 0, out }));
    child.stdin?.end('www.example.org\n');
    const { status, out } = await promise;
    expect(out).toMatch(/^www\.example\.org\. +A +rcode +NOERROR +REFUSED$/m);
    expect(status).toBe(1);
  } finally {
    await a.stop();
    await b.stop();
  }
});
