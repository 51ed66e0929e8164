// `ferrydns diff`: what is printed of two Corefiles.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { runDiff } from '../../src/command/diff-command.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-diff-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const diff = (...words: string[]) => runDiff(words, { registry, tell: () => {} });

test('a table says what changes, what is lost and what cannot be known; exit status 1 stands for changes', async () => {
  const old = file('old', '. {\n hosts {\n 192.0.2.1 a.example\n 192.0.2.2 b.example\n fallthrough\n }\n forward . 192.0.2.53\n}');
  const next = file(
    'new',
    'example {\n hosts {\n 192.0.2.9 a.example\n }\n}\nexample.org {\n forward . 192.0.2.53\n}\nexample.net {\n forward . 192.0.2.54\n}',
  );
  const queries = file('queries', 'a.example\nb.example\nwww.example.org AAAA\nwww.example.net\n');
  const { text, differs } = await diff(old, next, '-queries', queries);
  expect(differs).toBe(true);
  expect(text.split('\n')).toEqual([
    expect.stringMatching(/^name +type +before +after$/),
    expect.stringMatching(/^b\.example\. +A +lost +NOERROR: b\.example\. 3600 IN A 192\.0\.2\.2 +SERVFAIL$/),
    expect.stringMatching(/^a\.example\. +A +changed +NOERROR: a\.example\. 3600 IN A 192\.0\.2\.1 +NOERROR: a\.example\. 3600 IN A 192\.0\.2\.9$/),
    expect.stringMatching(/^www\.example\.net\. +A +unknown +what dns:\/\/192\.0\.2\.53:53 says/),
    '',
    '4 questions: 0 the same, 1 that the same upstream or plugin answers, 1 that cannot be known before, 2 changed; 1 of 2 names lose their answers',
    '',
  ]);
});

test('the same twice is no difference, plugins that touch the world included', async () => {
  const one = file('one', '. {\n pool db.example {\n member 192.0.2.1\n member 192.0.2.2\n check tcp 9\n admin off\n }\n forward . 192.0.2.53\n}');
  const two = file(
    'two',
    '# the same\n. {\n forward . 192.0.2.53\n pool db.example {\n member 192.0.2.1\n member 192.0.2.2\n check tcp 9\n admin off\n }\n}',
  );
  const { text, differs } = await diff(one, two, '-queries', file('queries', 'db.example\nwww.example\n'));
  expect(text).toBe('2 questions: 0 the same, 2 that the same upstream or plugin answers, 0 changed\n');
  expect(differs).toBe(false);
});

test('says what is wrong with its words, its files and its questions', async () => {
  const good = file('good', '. {\n whoami\n}');
  const queries = file('queries', 'a.example\n');
  await expect(diff(good)).rejects.toThrow(/found 1 files, expected OLD and NEW/);
  await expect(diff(good, good)).rejects.toThrow(/no questions/);
  await expect(diff(good, file('bad', '. {\n whoaim\n}'), '-queries', queries)).rejects.toThrow(/bad:2 - .*whoami/s);
  const rubbish = file('rubbish', `a.example\n${'\u001b[31m'}\u0000 ${'x'.repeat(300)}\n`);
  const error = await diff(good, good, '-queries', rubbish).catch((reason: unknown) => String(reason));
  expect(error).toMatch(/rubbish:2 - /);
  expect(String(error).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
