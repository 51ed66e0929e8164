// docs/migrations.md, typed as it stands: the move of a database, the way back, and the move once more, with a client that writes everything down.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../support/migration.ts';
import { fencesOf, sectionOf, type Typed, typedIn, type as typeIn } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startUpstream } from '../support/upstream.ts';
import { judgeCrossing, Witness } from '../support/witness.ts';

const page = 'docs/migrations.md';
const story3 = 'Story 3: a database and its replica, which must never be reached at both places';
const main = join(import.meta.dirname, '../../src/main.ts');
const names = ['primary.db.example.org', 'replica.db.example.org'];
const isAtA = (address: string) => address.startsWith('127.0.2.');
const isAtB = (address: string) => !isAtA(address);

/** The page's own addresses are nobody's; on loopback somebody can be there. */
const places = { '192.0.2.': '127.0.2.', '198.51.100.': '127.0.3.' };

/** What answers the check of B, at both of its addresses. */
async function databases(): Promise<number> {
  const first = await databaseAt('127.0.3.1', 0);
  return await databaseAt('127.0.3.2', first);
}

async function databaseAt(address: string, port: number): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(port, address);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The files of story 3 with times that a test can wait for. */
async function story(): Promise<Record<string, string>> {
  const vendor = await startUpstream({
    [`${names[0]} A`]: [`${names[0]} 1 A 127.0.2.1`],
    [`${names[1]} A`]: [`${names[1]} 1 A 127.0.2.2`],
    '* *': [],
  });
  onTestFinished(() => vendor.stop());
  const [plan, corefile] = fencesOf(
    sectionOf(page, story3, {
      ...places,
      'ttl: 30\n': 'ttl: 1\ntransition_ttl: 1\nslack: 1s\ncountdown: 1s\n',
      'jvm 30s': 'jvm 1s',
      // What the vendor shows gives nothing back while somebody types.
      'handback: on': 'handback: on\nhandback_answers: 64',
      '5432]\nfence': `${await databases()}]\nfence`,
      'exec, /usr/local/bin/shut-old-database]': 'exec, {{DIR}}/shut-old-database]',
      '\n. {\n': '\n.:0 {\n    bind 127.0.0.1\n',
      'migrate database.yaml\n': 'migrate database.yaml {\n        admin 127.0.0.1:0\n    }\n',
      '9.9.9.9': vendor.endpoint,
    }),
  );
  expect([plan?.info, corefile?.info]).toEqual(['file database.yaml', 'corefile']);
  return { 'database.yaml': plan?.lines.join('\n') ?? '', Corefile: corefile?.lines.join('\n') ?? '' };
}

/** Where somebody types. */
interface Desk {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A command `ferrydns`, and fences that write down when they have run. */
function deskOf(program: Program): Desk {
  const { folder, output } = program;
  const put = (file: string, text: string) => {
    writeFileSync(join(folder, file), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, file), 0o755);
  };
  put('ferrydns', `exec '${process.execPath}' '${main}' "$@"`);
  for (const side of ['old', 'new']) put(`shut-${side}-database`, `echo "${side} $(date +%s%3N)" >> '${folder}/shut'`);
  const told = /plans are told at (\S+)/.exec(output.out)?.[1] ?? '';
  return { cwd: folder, env: { ...process.env, PATH: `${folder}:${process.env['PATH']}`, FERRYDNS_ADMIN: `http://${told}` } };
}

/** The commands of the first move. */
function there(): Typed[] {
  const steps = sectionOf(page, story3);
  const typed = [...steps.matchAll(/^\d\. `(ferrydns migrate \w+ database)`/gm)].map(([, command = '']) => ({ command, shown: [] }));
  expect(typed.map(({ command }) => command)).toEqual(['ferrydns migrate start database', 'ferrydns migrate advance database']);
  return [...typed, { command: 'ferrydns migrate status database', shown: ['phase [#######.] done'] }];
}

/** The commands of the way back, which end with phase done each time. */
function wayBack(program: Program): [back: Typed[], again: Typed[]] {
  const section = sectionOf(page, 'The way back', {
    ...places,
    '/usr/local/bin/shut-new-database': join(program.folder, 'shut-new-database'),
    '/run/ferrydns.pid': join(program.folder, 'ferrydns.pid'),
  });
  const typed = fencesOf(section).flatMap(typedIn);
  const end = typed.findIndex(({ shown }) => shown.some((line) => line.endsWith(' done'))) + 1;
  return [typed.slice(0, end), typed.slice(end)];
}

/** What is said of a plan beforehand and at its end. Seconds, and milliseconds of the wall clock. */
interface Said {
  readonly untilOff: number;
  readonly flip: number;
  readonly off: number;
}

async function said(plan: string, file: string, { cwd, env }: Desk): Promise<Said> {
  const run = promisify(execFile);
  const forecast = JSON.parse((await run('ferrydns', ['migrate', 'plan', file, '-json'], { cwd, env })).stdout) as { readonly untilOff: number };
  const status = JSON.parse((await run('ferrydns', ['migrate', 'status', plan, '-json'], { cwd, env })).stdout) as Status;
  return {
    untilOff: forecast.untilOff,
    flip: Date.parse(status.flip?.at ?? ''),
    off: Date.parse(status.horizon.a_may_be_switched_off ?? ''),
  };
}

/** The fences that have run by now: which side they shut, and when. */
function shutBy({ folder }: Program): { readonly side: string; readonly at: number }[] {
  const lines = readFileSync(join(folder, 'shut'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => ({ side: line.split(' ')[0] ?? '', at: Number(line.split(' ')[1]) }));
}

test('the move, the way back and the move once more go as the runbook says, word for word', async () => {
  await using program = await startProgram({ files: await story(), words: ['-pidfile', 'ferrydns.pid'] });
  await expect.poll(() => program.output.out).toMatch(/plans are told at/);
  const desk = deskOf(program);
  const port = Number(/listening on 127\.0\.0\.1:(\d+)/.exec(program.output.out)?.[1]);
  await using client = new Witness(port, names);
  const [back, again] = wayBack(program);
  const moves = [
    { plan: 'database', file: 'database.yaml', typed: there(), isOld: isAtA, shut: ['old'] },
    { plan: 'database-reverse', file: 'back.yaml', typed: back, isOld: isAtB, shut: ['old', 'new'] },
    { plan: 'database', file: 'database.yaml', typed: again, isOld: isAtA, shut: ['old', 'new', 'old'] },
  ];
  for (const { plan, file, typed, isOld, shut } of moves) {
    const begun = Date.now();
    for (const each of typed) await typeIn(each, desk);
    const { untilOff, flip, off } = await said(plan, file, desk);
    const { lastOld, firstNew, leasesEnd } = judgeCrossing(client.since(begun), isOld);
    const fences = shutBy(program);
    expect(fences.map(({ side }) => side)).toEqual(shut);
    // One side is shut when nobody is led there any more, and before anybody is led to the other.
    expect(fences.at(-1)?.at).toBeGreaterThan(lastOld);
    expect(fences.at(-1)?.at).toBeLessThan(firstNew);
    // Both are told in whole milliseconds, so the last one may be asked for in that of the flip.
    expect(lastOld).toBeLessThanOrEqual(flip);
    // The cache of an application below keeps it for a second more.
    expect(leasesEnd + 1000).toBeLessThanOrEqual(off);
    // The slack and that second.
    expect(Math.abs(off - flip - 2000)).toBeLessThan(100);
    expect(off - begun).toBeGreaterThanOrEqual(untilOff * 1000);
  }
}, 300_000);
