// `ferrydns migrate watch`, against a server whose time the test owns, and as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AdminClient } from '../../src/command/admin-client.ts';
import { type WatchOptions, watch } from '../../src/command/migrate-watch.ts';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { soon } from '../support/soon.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const main = join(import.meta.dirname, '../../src/main.ts');
const name = 'www.example.org';
const admin = '127.0.0.1:0';
const plan = (moved: string) => ` migrate ${moved} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 5\n transition_ttl 1\n admin ${admin}\n}\n`;
const corefile = `. {\n${plan(name)} whoami\n}\n`;
const placeOf = ({ running }: PlanServer) => `127.0.0.1:${running.server.httpPort(admin)}`;

/** A screen that keeps what was written to it. */
function screen(more: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {}) {
  const written: string[] = [];
  return { written, write: (text: string) => void written.push(text), ...more };
}

function options(server: PlanServer, more: Partial<WatchOptions> & Pick<WatchOptions, 'screen'>): WatchOptions {
  const client = new AdminClient({ admin: placeOf(server) }, {});
  return { client, plan: name, json: false, signal: new AbortController().signal, retry: 10, ...more };
}

/** Brings a plan from its beginning to its end, one phase after the other seen by whoever watches. */
async function move(server: PlanServer, moved: string, seen: (phase: string) => Promise<unknown>): Promise<void> {
  await seen('original');
  await server.order(moved, 'start');
  await seen('lowering');
  await server.advance(moved);
  await server.ask(moved);
  await seen('transition');
  await server.order(moved, 'advance');
  await seen('draining');
  await server.until(moved, 'done');
}

const seenIn = (written: readonly string[]) => (phase: string) => vi.waitFor(() => expect(written.join('')).toContain(phase), soon);

test('where there is no terminal, a line for each change, until the plan is done', async () => {
  await using server = await servePlan(corefile);
  const { written, ...lines } = screen();
  const over = watch(options(server, { screen: { ...lines } }));
  await move(server, name, seenIn(written));
  await over;
  const phases = written.map((line) => /^2026-06-01T12:\d\d:\d\d\.\d{3}Z www\.example\.org: epoch 1, (\w+)/.exec(line)?.[1]);
  expect([...new Set(phases)]).toEqual(['original', 'lowering', 'transition', 'draining', 'done']);
  expect(new Set(written.map((line) => line.replace(/^\S+/, ''))).size).toBe(written.length);
  expect(written.join('')).toMatch(/lowering, answers with the old TTL are still alive, until 2026-06-01T12:\S+; 0 on A, 0 on B\n/);
});

test('in a terminal, drawn again in place, as wide and high as it is', async () => {
  await using server = await servePlan(corefile);
  const { written, ...terminal } = screen({ isTTY: true, columns: 72, rows: 12 });
  const over = watch(options(server, { screen: { ...terminal } }));
  await move(server, name, seenIn(written));
  await over;
  expect(written[0]).toMatch(/^plan www\.example\.org: blend, role shared\n {2}phase +\[#\.{7}\] original\n/);
  let drawn = 0;
  for (const [i, picture] of written.entries()) {
    const [, shown = picture] = picture.split('\x1b[0J');
    const lines = shown.split('\n');
    if (i > 0) expect(picture).toBe(`\x1b[${drawn}A\x1b[0J${shown}`);
    drawn = lines.length - 1;
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(72);
  }
  const all = written.join('');
  expect(all).toMatch(/waits +\[#+\.+\] \d+ s left: answers/);
  expect(all).toMatch(/leases on A +\[#{20}\] 1 client may/);
  expect(written.at(-1)).toMatch(/phase +\[#{7}\.\] done\n/);
});

test('for a program, each status as a line of JSON', async () => {
  await using server = await servePlan(`. {\n${plan(name)}${plan('other.example.org')} whoami\n}\n`);
  const { written, ...lines } = screen();
  const over = watch(options(server, { screen: { ...lines }, json: true, plan: undefined }));
  const seen = seenIn(written);
  await move(server, name, (phase) => seen(`"plan":"${name}","now"`).then(() => seen(phase)));
  await move(server, 'other.example.org', () => Promise.resolve());
  await over;
  const statuses = written.map((line) => JSON.parse(line) as { readonly plan: string; readonly phase: string });
  for (const moved of [name, 'other.example.org']) expect(statuses.findLast((status) => status.plan === moved)?.phase).toBe('done');
});

test('a reload, or a server that is away, is lived through; a plan that is gone is not', async () => {
  await using server = await servePlan(corefile);
  const { written, ...lines } = screen();
  const over = watch(options(server, { screen: { ...lines } }));
  over.catch(() => undefined);
  await seenIn(written)('original');
  await server.running.reload(corefile.replace('ttl 5', 'ttl 6'));
  await server.order(name, 'start');
  await seenIn(written)('lowering');
  await server.order(name, 'pause');
  await server.running.reload(`. {\n${plan('other.example.org')} whoami\n}\n`);
  await expect(over).rejects.toThrow(`no such plan: ${name}`);
});

test('a server that was never there is told at once, one that goes is waited for', async () => {
  const { written, ...lines } = screen();
  const nobody = new AdminClient({ admin: '127.0.0.1:9' }, {});
  const ending = new AbortController();
  const common = { plan: name, json: false, screen: { ...lines }, signal: ending.signal, retry: 10 };
  await expect(watch({ ...common, client: nobody })).rejects.toThrow(/^http:\/\/127\.0\.0\.1:9\/migrations/);
  const server = await servePlan(corefile);
  const over = watch(options(server, common));
  await seenIn(written)('original');
  await server.running.stop();
  await seenIn(written)('the server is not heard: http://127.0.0.1:');
  ending.abort();
  await over;
});

test('Ctrl-C ends it with exit status 0', async () => {
  await using server = await servePlan(corefile);
  const child = spawn(process.execPath, [main, 'migrate', 'watch', name, '-admin', placeOf(server)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  await vi.waitFor(() => expect(out).toMatch(/original; 0 on A, 0 on B\n$/), soon);
  child.kill('SIGINT');
  const [status] = await once(child, 'close');
  expect({ status, err }).toEqual({ status: 0, err: '' });
});
