// The life of a plan after its end: left out, put back, renamed, followed by another one, with its journal or a copy of it.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { fileSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { A, Answers, B, move, name, there } from '../support/moved-name.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const C = '203.0.113.1';
const plan = `${there}handback_answers: 2\n`;
const renamed = plan.replace('plan: ex', 'plan: ey');
const onwards = plan.replace('plan: ex', 'plan: ez').replace(B, C).replace(A, B);
const continues = (text: string) => text.replace(/^(plan: .*)$/m, '$1\ncontinues: ex');
const blend = (text: string) => text.replace('mode: exclusive\n', '').replace('fence: [exec, /bin/true]\n', '');

interface Stage {
  readonly vendor: Upstream;
  /** Where journals are, over the lives of servers. */
  readonly journals: string;
  /** A Corefile with this plan in it, or none. */
  corefile(file?: string): string;
  /** A server that lives until the test is over; `file` is the plan that it has, whose text this is. */
  serve(file: string, text: string): Promise<PlanServer>;
}

/** The names are answered A behind the plan, to begin with. */
async function stage(): Promise<Stage> {
  const vendor = await startUpstream(shows(A));
  const journals = mkdtempSync(join(tmpdir(), 'ferrydns-afterwards-'));
  onTestFinished(async () => {
    await vendor.stop();
    rmSync(journals, { recursive: true });
  });
  const corefile = (file?: string) => {
    const block = file === undefined ? '' : ` migrate ${file}.yaml {\n  admin 127.0.0.1:0\n  journal ${journals}/${file.slice(0, 2)}.journal\n }\n`;
    return `.:0 {\n${block} forward . ${vendor.endpoint}\n}\n`;
  };
  const serve = (file: string, text: string) => servePlan(corefile(file), { files: { [`${file}.yaml`]: text } });
  return { vendor, journals, corefile, serve };
}

function shows(address: string) {
  return { '* A': [`${name} 2 A ${address}`], '* *': [] };
}

/** Puts another plan into the place of the one that runs. */
async function put(server: PlanServer, { corefile }: Stage, { file, text }: { readonly file: string; readonly text: string }): Promise<void> {
  writeFileSync(join(server.running.directory, `${file}.yaml`), text);
  await server.running.reload(corefile(file));
}

/** Waits until the vendor is known to show B alone. */
async function showB(server: PlanServer, { vendor }: Stage): Promise<void> {
  vendor.script = shows(B);
  await server.when('ex', ({ wait }) => wait === null);
}

/** As `ferrydns check` does. */
async function check({ directory }: PlanServer['running']): Promise<void> {
  const source = fileSource(join(directory, 'Corefile'));
  await new Server({ source, registry, output: () => {}, directory }).check();
}

const side = (server: PlanServer) => new Answers(server).note();
const gone = /cannot be left out of the configuration: its names would be answered by the upstream, which still leads to A, expected B alone/;
const another =
  /plan ex has moved db\.example\.org\. and is in done, says its journal .*ex\.journal: with 'continues: ex' plan e[yz] goes on from there/;

describe('a plan that is done', () => {
  test('stays in the configuration as long as the upstream says A', async () => {
    const on = await stage();
    await using server = await on.serve('ex', plan);
    await move(server, 'ex', { answers: new Answers(server) });
    await server.when('ex', ({ upstream: { now } }) => now?.shows === 'from');
    await expect(server.running.reload(on.corefile())).rejects.toThrow(gone);
    expect(await server.order('ex', 'pause')).toBeUndefined();
    await expect(server.running.reload(on.corefile())).rejects.toThrow(gone);
    expect(await side(server)).toBe('B');
  });

  test('goes on with B when it was left out and is put back', async () => {
    const on = await stage();
    await using server = await on.serve('ex', plan);
    await move(server, 'ex', { answers: new Answers(server) });
    await showB(server, on);
    await server.running.reload(on.corefile());
    expect(await side(server)).toBe('B');
    on.vendor.script = shows(A);
    await server.running.reload(on.corefile('ex'));
    expect(await server.status('ex')).toMatchObject({ epoch: 1, phase: 'done' });
    expect(await side(server)).toBe('B');
  });

  test.each([
    ['another name', 'ey', renamed],
    ['another name, as the next plan', 'ez', onwards],
  ])('cannot be given %s by a reload without a word of it, whether left out before or not', async (_, file, text) => {
    const on = await stage();
    await using server = await on.serve('ex', plan);
    await move(server, 'ex', { answers: new Answers(server) });
    await showB(server, on);
    await expect(put(server, on, { file, text })).rejects.toThrow(another);
    expect(await side(server)).toBe('B');
    await server.running.reload(on.corefile());
    if (file === 'ey') await expect(put(server, on, { file, text })).rejects.toThrow(another);
    // Where the names are the next plan begins.
    else await put(server, on, { file, text });
    expect(await side(server)).toBe('B');
  });

  test.each([
    ['ey', renamed],
    ['ez', onwards],
  ])('cannot be given another name by a restart: %s answers nothing, the check says why, and a moved journal is the way out', async (file, text) => {
    const on = await stage();
    {
      await using server = await on.serve('ex', plan);
      await move(server, 'ex', { answers: new Answers(server) });
    }
    {
      await using server = await on.serve(file, text);
      expect((await server.status(file)).damage).toMatch(another);
      expect(await side(server)).toBe('SERVFAIL');
      await expect(check(server.running)).rejects.toThrow(another);
    }
    rmSync(join(on.journals, 'ex.journal'));
    await using server = await on.serve(file, text);
    expect(await server.status(file)).toMatchObject({ epoch: 1, phase: 'original', damage: null });
    expect(await side(server)).toBe(file === 'ey' ? 'A' : 'B');
  });

  test('is not edited by a new name that continues it', async () => {
    const on = await stage();
    await using server = await on.serve('ex', plan);
    await move(server, 'ex', { answers: new Answers(server) });
    await expect(put(server, on, { file: 'ex', text: continues(renamed) })).rejects.toThrow(
      /plan ex is done: .*move the very same names|plan ex is in done and was edited in name/,
    );
    expect(await side(server)).toBe('B');
  });

  test('is followed by the next one, from B to C, that continues it', async () => {
    const on = await stage();
    await using server = await on.serve('ex', plan);
    const answers = new Answers(server);
    await move(server, 'ex', { answers });
    await put(server, on, { file: 'ex', text: continues(onwards) });
    await server.when('ez', ({ phase, epoch }) => phase === 'original' && epoch === 2, answers.note);
    await move(server, 'ez', { answers, epoch: 2 });
    expect(answers.sides).toEqual(['A', 'SERVFAIL', 'B', 'SERVFAIL', C]);
  });

  test('is done on another machine as well, and goes on there with its journal', async () => {
    const on = await stage();
    {
      await using server = await on.serve('ex', plan);
      await move(server, 'ex', { answers: new Answers(server) });
    }
    const other = await stage();
    copyFileSync(join(on.journals, 'ex.journal'), join(other.journals, 'ex.journal'));
    await using server = await other.serve('ex', plan);
    expect(await server.status('ex')).toMatchObject({ epoch: 1, phase: 'done', damage: null });
    expect(await side(server)).toBe('B');
  });

  test('goes on where an older copy of its journal ends', async () => {
    const on = await stage();
    const journal = join(on.journals, 'ex.journal');
    {
      await using server = await on.serve('ex', plan);
      await server.when('ex', ({ upstream }) => upstream.before !== null);
      expect(await server.order('ex', 'start')).toBeUndefined();
      copyFileSync(journal, `${journal}.copy`);
      await server.advance('ex');
      await server.until('ex', 'done');
    }
    copyFileSync(`${journal}.copy`, journal);
    await using server = await on.serve('ex', plan);
    expect(await server.status('ex')).toMatchObject({ epoch: 1, phase: 'lowering' });
    expect(await side(server)).toBe('A');
  });
});

test('a plan that was paused when B had been answered cannot be left out either, and goes on with B when it is put back', async () => {
  const on = await stage();
  await using server = await on.serve('ex', `${plan}caches: jvm 600s\n`);
  await server.when('ex', ({ upstream }) => upstream.before !== null);
  expect(await server.order('ex', 'start')).toBeUndefined();
  await server.pass('ex', 3000);
  vi.advanceTimersByTime(600_000);
  await server.advance('ex');
  await server.until('ex', 'draining');
  expect(await server.order('ex', 'pause')).toBeUndefined();
  await server.when('ex', ({ upstream: { now } }) => now?.shows === 'from');
  await expect(server.running.reload(on.corefile())).rejects.toThrow(gone);
  await expect(put(server, on, { file: 'ey', text: renamed })).rejects.toThrow(/continues: ex|still leads to A/);
  expect(await side(server)).toBe('B');
});

test('a plan that was paused before the flip can be left out, and renamed: nobody was led to B', async () => {
  const on = await stage();
  await using server = await on.serve('ex', plan);
  await server.when('ex', ({ upstream }) => upstream.before !== null);
  expect(await server.order('ex', 'start')).toBeUndefined();
  expect(await server.order('ex', 'pause')).toBeUndefined();
  await put(server, on, { file: 'ey', text: renamed });
  expect(await server.status('ey')).toMatchObject({ epoch: 1, phase: 'original' });
  expect(await side(server)).toBe('A');
});

test('a blend plan that is done is renamed by `continues` alone as well', async () => {
  const on = await stage();
  await using server = await on.serve('ex', blend(plan));
  await server.when('ex', ({ upstream }) => upstream.before !== null);
  expect(await server.order('ex', 'start')).toBeUndefined();
  await server.advance('ex');
  await server.advance('ex');
  await server.until('ex', 'done');
  await expect(put(server, on, { file: 'ey', text: blend(renamed) })).rejects.toThrow(another);
  expect(await side(server)).toBe('B');
});

test('a plan that was released says nothing of a new one with another name', async () => {
  const on = await stage();
  await using server = await on.serve('ex', plan);
  await move(server, 'ex', { answers: new Answers(server) });
  await showB(server, on);
  expect(await server.order('ex', 'advance')).toBeUndefined();
  on.vendor.script = shows(A);
  await put(server, on, { file: 'ey', text: renamed });
  expect(await server.status('ey')).toMatchObject({ epoch: 1, phase: 'original' });
  expect(await side(server)).toBe('A');
});

test('a server with the same plan beside this one has nothing to do with it', async () => {
  const on = await stage();
  await using server = await on.serve('ex', plan);
  await move(server, 'ex', { answers: new Answers(server) });
  const beside = on.corefile('ex').replace('ex.journal', 'other.journal');
  await using second = await servePlan(beside, { files: { 'ex.yaml': plan } });
  expect(await second.status('ex')).toMatchObject({ epoch: 1, phase: 'original', damage: null });
});
