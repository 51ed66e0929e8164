import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FilesRead, WatchedFile } from '../../src/config/watched-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watched-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});
const at = (name: string) => join(directory, name);
const read = (file: WatchedFile) => file.readChangeSync()?.toString();

test('a file is read once, and again when it holds something else', async () => {
  writeFileSync(at('file'), 'one');
  const file = new WatchedFile(at('file'));
  expect(String(await file.readChange())).toBe('one');
  expect(await file.readChange()).toBeUndefined();
  writeFileSync(at('file'), 'two');
  expect(String(await file.readChange())).toBe('two');
  expect(read(file)).toBeUndefined();
  expect(file.writtenAt).toBeCloseTo(statSync(at('file')).mtimeMs, 0);
});

test('another file of the same size and time is another one, behind a link or in its place', () => {
  writeFileSync(at('one'), 'one');
  writeFileSync(at('two'), 'two');
  for (const name of ['one', 'two']) utimesSync(at(name), 1, 1);
  // All this is long ago, so that only what tells the files apart can give them away.
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
  symlinkSync('one', at('link'));
  const link = new WatchedFile(at('link'));
  expect([read(link), read(link)]).toEqual(['one', undefined]);
  symlinkSync('two', at('next'));
  renameSync(at('next'), at('link'));
  expect([read(link), read(link)]).toEqual(['two', undefined]);
  const file = new WatchedFile(at('one'));
  expect(read(file)).toBe('one');
  renameSync(at('two'), at('one'));
  expect(read(file)).toBe('two');
});

test('a file written twice within one step of the clock is read twice', () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  const file = new WatchedFile(at('file'));
  for (const text of ['one', 'two', 'one', 'two']) {
    writeFileSync(at('file'), text);
    expect(read(file)).toBe(text);
  }
});

test('one that cannot be read is an error of the system, and what it said is still known', async () => {
  const file = new WatchedFile(at('file'));
  await expect(file.readChange()).rejects.toMatchObject({ code: 'ENOENT' });
  writeFileSync(at('file'), 'one');
  expect(read(file)).toBe('one');
  rmSync(at('file'));
  expect(() => file.readChangeSync()).toThrow('ENOENT');
  writeFileSync(at('file'), 'one');
  expect(read(file)).toBeUndefined();
});

test('of several files a change of one is seen once, and not while it cannot be read', () => {
  const files = new FilesRead();
  for (const name of ['one', 'two']) {
    writeFileSync(at(name), name);
    expect(String(files.read(at(name)))).toBe(name);
  }
  expect(files.lookForChange()).toBe(false);
  rmSync(at('one'));
  writeFileSync(at('two'), 'other');
  expect([files.lookForChange(), files.lookForChange()]).toEqual([true, false]);
  writeFileSync(at('one'), 'one');
  expect(files.lookForChange()).toBe(false);
});
