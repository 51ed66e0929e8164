import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { splitCommand } from '../../plugins/on/command-line.ts';
import { textSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';
import { refusal } from '../support/refusal.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-on-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** A file that commands write to, and what is in it. */
function notes(): { readonly file: string; read(): string } {
  const file = join(folder, `notes-${files++}`);
  const read = () => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  return { file, read };
}

const write = (word: string, file: string) => `sh -c 'echo ${word} >> ${file}'`;
const block = (...lines: readonly string[]) => `.:0 {\n${lines.join('\n')}\nwhoami\n}`;

describe('commands', () => {
  test('run in order at the start and after a reload', async () => {
    const note = notes();
    const corefile = (...words: readonly string[]) => block(...words.map((word) => `on startup ${write(word, note.file)}`));
    await using server = await serve(corefile('one', 'two', 'three'));
    await expect.poll(note.read).toBe('one\ntwo\nthree\n');
    await server.reload(corefile('four'));
    await expect.poll(note.read).toBe('one\ntwo\nthree\nfour\n');
    expect(server.lines.join('\n')).toMatch(/\[INFO\] Blocking Command "sh -c echo one >> .*" with ID [-0-9a-f]{36}/);
  });

  test('run at the end, not at a reload, and are waited for', async () => {
    const note = notes();
    const server = await serve(block(`on shutdown ${write('bye', note.file)}`));
    await server.reload(block(`on shutdown ${write('later', note.file)}`));
    expect(note.read()).toBe('');
    await server.stop();
    expect(note.read()).toBe('later\n');
  });

  test('that are not waited for do not hold up the next one', async () => {
    const note = notes();
    const go = join(folder, 'go');
    const patient = `on startup sh -c 'while [ ! -e ${go} ]; do sleep 0.1; done; echo patient >> ${note.file}' &`;
    await using server = await serve(block(patient, `on startup ${write('next', note.file)}`));
    await expect.poll(note.read).toBe('next\n');
    writeFileSync(go, '');
    await expect.poll(note.read).toBe('next\npatient\n');
    expect(server.lines.join('\n')).toContain('Nonblocking Command "sh -c while');
  });

  test('that fail are logged, and the next one runs', async () => {
    const note = notes();
    await using server = await serve(block('on startup no-such-program x', "on startup sh -c 'exit 3'", `on startup ${write('next', note.file)}`));
    await expect.poll(note.read).toBe('next\n');
    expect(server.lines.join('\n')).toMatch(/error on 'on-[-0-9a-f]+' hook: no-such-program: spawn no-such-program ENOENT/);
    expect(server.lines.join('\n')).toMatch(/error on 'on-[-0-9a-f]+' hook: sh: exit status 3/);
  });

  test('are not run by a check', async () => {
    const note = notes();
    const source = textSource(block(`on startup ${write('no', note.file)}`, `on shutdown ${write('no', note.file)}`), 'Corefile');
    await new Server({ source, registry, output: () => {} }).check();
    expect(note.read()).toBe('');
  });
});

test.each([
  ['a b  c', ['a', 'b', 'c']],
  [`a "b c" 'd "e' f\\ g`, ['a', 'b c', 'd "e', 'f g']],
  ['a "b \\" \\\\ \\n" c""d', ['a', 'b " \\ \\n', 'cd']],
  ['a # rest', ['a']],
  ['a b#c', ['a', 'b#c']],
  ["a ''", ['a', '']],
])('%j is split as a shell does', (line, words) => {
  expect(splitCommand(line)).toEqual(words);
});

test.each([
  ['on', "Wrong argument count or unexpected line ending after 'on'"],
  ['on startup', "no command contained in ''"],
  ['on nothing x', "Wrong event name or event not supported: 'nothing'"],
  ["on startup 'a b", 'error parsing command: EOF found when expecting closing quote.'],
])('%j is refused', async (line, message) => {
  expect(await refusal(block(line))).toContain(message);
});
