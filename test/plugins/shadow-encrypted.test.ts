// The other server of a shadow is asked over TLS and HTTPS too, and the log says each minute what came of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { elapse, stopTime } from '../support/migration.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const certificates = join(import.meta.dirname, '../support/certificates');
const before = getCACertificates('default');

// As a machine that has the authority in its store.
beforeAll(() => setDefaultCACertificates([...before, readFileSync(join(certificates, 'authority.crt'), 'utf8')]));
afterAll(() => setDefaultCACertificates(before));

const hosts = (...lines: readonly string[]) => `hosts {\n${lines.map((line) => `  ${line}\n`).join('')} }`;
const own = hosts('192.0.2.1 www.example', '192.0.2.2 db.example');
const theirs = hosts('192.0.2.1 www.example', '192.0.2.9 db.example');

/** A server that is asked by this transport alone. */
function other(transport: string): Promise<TestServer> {
  return serve(`${transport}://.:0 {\n tls ${certificates}/server.crt ${certificates}/server.key\n ${theirs}\n}\n`);
}

const shadowing = (server: string) => serve(`.:0 {\n shadow ${server} {\n  sample 100%\n  timeout 5s\n }\n prometheus 127.0.0.1:0\n ${own}\n}\n`);

/** How many queries have come to this. */
async function counted(server: TestServer, outcome: string): Promise<number> {
  return Number(new RegExp(`ferrydns_shadow_queries_total\\{outcome="${outcome}"\\} (\\d+)`).exec(await server.metrics())?.[1] ?? 0);
}

describe.each(['tls', 'https'])('over %s', (transport) => {
  test('what both say alike is the same, and what differs is found', async () => {
    await using there = await other(transport);
    await using server = await shadowing(`${transport}://127.0.0.1:${there.port}`);
    expect((await server.ask('www.example')).answers).toEqual(['www.example. 3600 IN A 192.0.2.1']);
    await expect.poll(() => counted(server, 'same'), soon).toBe(1);
    expect((await server.ask('db.example')).answers).toEqual(['db.example. 3600 IN A 192.0.2.2']);
    await expect.poll(() => counted(server, 'different'), { ...soon, timeout: 30_000 }).toBe(1);
    expect(await server.metrics()).toContain('ferrydns_shadow_differences_total{kind="answer"} 1');
  });

  test('a server whose certificate is of another name is not believed, and clients are answered', async () => {
    await using there = await other(transport);
    await using wrong = await shadowing(`${transport}://127.0.0.1%other.example:${there.port}`);
    expect((await wrong.ask('www.example')).answers).toHaveLength(1);
    await expect.poll(() => counted(wrong, 'unanswered'), soon).toBe(1);
    expect(await counted(wrong, 'same')).toBe(0);
  });
});

test('the log says each minute what was compared, and nothing in a minute without', async () => {
  stopTime();
  try {
    await using there = await startUpstream({
      'www.example A': { flags: ['aa'], answer: ['www.example 3600 A 192.0.2.1'] },
      'db.example A': { drop: true },
    });
    await using server = await serve(`.:0 {\n shadow ${there.endpoint} {\n  sample 100%\n  timeout 50ms\n }\n prometheus 127.0.0.1:0\n ${own}\n}\n`);
    for (const name of ['www.example', 'www.example', 'db.example']) await server.ask(name);
    await expect.poll(() => counted(server, 'unanswered'), soon).toBe(1);
    await expect.poll(() => counted(server, 'same'), soon).toBe(2);
    await elapse(120_000);
    expect(server.lines.filter((line) => line.includes('plugin/shadow'))).toEqual([
      `[INFO] plugin/shadow: dns://${there.endpoint}: 2 answers compared, 2 the same, 0 the same by turns, 0 different; 1 unanswered, 0 dropped`,
    ]);
  } finally {
    vi.useRealTimers();
  }
});
