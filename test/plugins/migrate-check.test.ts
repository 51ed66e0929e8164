// What `ferrydns check` sees of plans: all that serving would refuse, and what it would stop at, with nothing made or opened.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { fileSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';
import { servePlan } from '../support/migration.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-check-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const move = 'from 192.0.2.1\nto 192.0.2.2\nttl 60';

interface Checked {
  readonly refused: string | undefined;
  readonly lines: readonly string[];
}

/** Checks a Corefile in the folder of the test. */
async function check(corefile: string, files: Readonly<Record<string, string>> = {}): Promise<Checked> {
  for (const [name, text] of Object.entries({ ...files, Corefile: corefile })) writeFileSync(join(folder, name), text);
  const lines: string[] = [];
  const server = new Server({ source: fileSource(join(folder, 'Corefile')), registry, output: (line) => lines.push(line), directory: folder });
  try {
    await server.check();
    return { refused: undefined, lines };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error), lines };
  }
}

function plan(name: string, ...options: readonly string[]): string {
  return `migrate ${name} {\n${[move, ...options].join('\n')}\n}\n`;
}

const block = (...directives: readonly string[]) => `. {\n${directives.join('')}whoami\n}\n`;

describe('what only the whole configuration shows is refused', () => {
  const first = plan('www.example.org', 'admin off');

  test('a name in two plans, at the word of the second one, in whichever blocks they are', async () => {
    const second = plan('other.example.org', 'admin off', 'name WWW.example.org');
    const here = await check(block(first, second));
    expect(here.refused).toMatch(/Corefile:13 - .*www\.example\.org\. is already moved by plan www\.example\.org/);
    expect(here.refused).toContain('   13 | name WWW.example.org\n      |      ^^^^^^^^^^^^^^^');
    const elsewhere = await check(`${block(first)}.:5353 {\n${second}whoami\n}\n`);
    expect(elsewhere.refused).toMatch(/Corefile:16 - .*www\.example\.org\. is already moved by plan www\.example\.org/);
  });

  test('a name in two plan files, with the line of the file', async () => {
    const files = { 'one.yaml': 'plan: one\nnames: [www.example.org]\nfrom: 192.0.2.1\nto: 192.0.2.2\n', 'two.yaml': '' };
    files['two.yaml'] = files['one.yaml'].replace('one', 'two').replace('[www', '[a.example, www');
    const { refused } = await check(block('migrate one.yaml\n', 'migrate two.yaml\n'), files);
    expect(refused).toMatch(/two\.yaml:2 - .*www\.example\.org\. is already moved by plan one/);
    expect(refused).toContain('    2 | names: [a.example, www.example.org]\n      |                    ^^^^^^^^^^^^^^^');
  });

  test('a plan twice in a block; the same plan in two blocks is one plan', async () => {
    expect((await check(block(first, first))).refused).toMatch(/Corefile:8 - .*plan www\.example\.org is there twice/);
    expect((await check(`${block(first)}.:5353 {\n${first}whoami\n}\n`)).refused).toBeUndefined();
    const otherwise = `.:5353 {\n${first.replace('192.0.2.2', '192.0.2.3')}whoami\n}\n`;
    expect((await check(`${block(first)}${otherwise}`)).refused).toMatch(
      /Corefile:\d+ - .*plan www\.example\.org is another one at \S*Corefile:2, expected it to be alike/,
    );
  });

  test('a pool that is not there', async () => {
    const { refused } = await check(block('migrate www.example.org {\nfrom 192.0.2.1\nto pool b.example.org\n}\n'));
    expect(refused).toMatch(/Corefile:2 - .*no pool b\.example\.org\. in this server block/);
  });

  test('an admin address with other guards than before', async () => {
    const token = { token: 'a-token-that-is-long-enough\n' };
    const { refused } = await check(block(plan('a.example', 'admin 127.0.0.1:9181'), plan('b.example', 'admin 127.0.0.1:9181 token token')), token);
    expect(refused).toMatch(/Corefile:12 - .*admin 127\.0\.0\.1:9181 has other words on tls or token than for plan a\.example, expected the same/);
    const pool = 'pool p.example {\n member 192.0.2.1\n admin 127.0.0.1:9181\n}\n';
    expect((await check(block(plan('a.example', 'admin 127.0.0.1:9181 token token'), pool), token)).refused).toMatch(
      /admin 127\.0\.0\.1:9181 has other words on tls or token than for/,
    );
  });

  test('by one server after the other alike: nothing is remembered', async () => {
    expect((await check(block(first))).refused).toBeUndefined();
    expect((await check(block(plan('other.example.org', 'name www.example.org', 'admin off')))).refused).toBeUndefined();
  });
});

describe('the journal', () => {
  test('in what is no folder is refused at its line', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { refused } = await check(block(plan('www.example.org', `journal file/deep/www.journal`)));
    expect(refused).toMatch(/Corefile:6 - .*journal \S+\/file\/deep\/www\.journal cannot be written: \S+\/file is no directory/);
    expect(refused).toContain('    6 | journal file/deep/www.journal\n      | ^');
  });

  test('at the usual place is refused at the directive', async () => {
    writeFileSync(join(folder, 'ferrydns-migrations'), '');
    const { refused } = await check(block(plan('www.example.org')));
    expect(refused).toMatch(/Corefile:2 - .*www\.example\.org\.journal cannot be written: \S+\/ferrydns-migrations is no directory/);
  });

  test('that is a folder is refused', async () => {
    expect((await check(block(plan('www.example.org', 'journal .')))).refused).toMatch(/Corefile:6 - .*cannot be written: it is a directory/);
  });

  test.skipIf(process.getuid?.() === 0)('that this user may not write is warned of: the server may be run by another', async () => {
    mkdirSync(join(folder, 'closed'));
    chmodSync(join(folder, 'closed'), 0o500);
    const { refused, lines } = await check(block(plan('www.example.org', 'journal closed/deep/www.journal')));
    expect(refused).toBeUndefined();
    expect(lines.join('\n')).toMatch(/^\[WARNING\] plugin\/migrate: \S+:6 - journal \S+ cannot be written: no permission to write to \S+\/closed$/m);
  });

  test('is not made, nor its folder', async () => {
    expect(await check(block(plan('www.example.org', 'journal deep/er/www.journal')))).toEqual({ refused: undefined, lines: [] });
    expect(existsSync(join(folder, 'deep'))).toBe(false);
  });

  test('that is damaged is warned of, with its line; serving stops only the plan', async () => {
    writeFileSync(join(folder, 'www.journal'), 'hello\n');
    const { refused, lines } = await check(block(plan('www.example.org', 'journal www.journal')));
    expect(refused).toBeUndefined();
    expect(lines).toEqual([
      expect.stringMatching(/^\[WARNING\] plugin\/migrate: \S+Corefile:6 - \S+www\.journal:1 - the journal is damaged: no entry with a checksum/),
    ]);
  });

  test('that has another plan in hand is refused', async () => {
    const journal = join(folder, 'www.journal');
    const served = `. {\n${plan('www.example.org', `journal ${journal}`, 'admin 127.0.0.1:0')}whoami\n}\n`;
    {
      await using server = await servePlan(served);
      await server.order('www.example.org', 'start');
    }
    expect((await check(served)).refused).toBeUndefined();
    expect((await check(served.replace('192.0.2.2', '192.0.2.3'))).refused).toMatch(
      /:2 - .*plan www\.example\.org is in lowering and was edited in what is moved/,
    );
  });
});

describe('a plan file', () => {
  const corefile = block('migrate plan.yaml\n');

  test('shows every problem with its line', async () => {
    const { refused } = await check(corefile, {
      'plan.yaml': 'names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\nttl: 0\nslack: "thirty"\nhold:\tlong\n',
    });
    expect(refused).toContain('    4 | ttl: 0\n      |      ^\n');
    expect(refused).toContain('    5 | slack: "thirty"\n      |        ^^^^^^^^\n');
    expect(refused).toContain('    6 | hold:\tlong\n      |      \t^^^^\n');
    expect(refused).toContain("invalid duration 'thirty'\n");
    expect(refused).toContain('expected a duration such as 30s');
  });

  test.each([
    ['caches: jvm thirty', 12, 6],
    ['caches: "jvm thirty"', 13, 6],
    ['caches: [jvm 30s, os forty]', 21, 5],
  ])("shows the word that is no duration of '%s', and what was expected", async (line, column, length) => {
    const { refused } = await check(corefile, { 'plan.yaml': `names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\n${line}\n` });
    expect(refused).toMatch(/plan\.yaml:4 - .*invalid duration '(thirty|forty)', expected one such as 30s/);
    expect(refused).toContain(`    4 | ${line}\n      | ${' '.repeat(column)}${'^'.repeat(length)}`);
  });

  test('that ends within a quote shows its last line', async () => {
    const { refused } = await check(corefile, { 'plan.yaml': 'names: [a.example]\nfrom: "192.0.2.1\n' });
    expect(refused).toMatch(/plan\.yaml:2 - .*[Mm]issing closing "quote/);
    expect(refused).toContain('    2 | from: "192.0.2.1\n');
  });

  test('is warned of with one prefix', async () => {
    const { lines } = await check(corefile, { 'plan.yaml': 'names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\nmode: exclusive\n' });
    expect(lines).toEqual([expect.stringMatching(/^\[WARNING\] plugin\/migrate: plan\.yaml:4 - exclusive without a fence/)]);
  });
});
