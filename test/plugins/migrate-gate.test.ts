// Why a gate does not hold: what is said of commands, of URLs and of values that Prometheus knows.
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { migration } from 'ferrydns/built-in/moves';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { refusalOf } from '../../plugins/migrate/watch/gate.ts';
import { deadline, elapse, servePlan, stopTime } from '../support/migration.ts';

const name = 'www.example.org';

async function service(answer: RequestListener): Promise<{ readonly url: string } & AsyncDisposable> {
  const http = createServer(answer);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const bound = http.address();
  return {
    url: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const says =
  (status: number, body = ''): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(body);
const vector = (...values: readonly string[]) =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [0, value] })) } });
const exec = (script: string): migration.Gate => ({ kind: 'exec', label: 'exec', command: ['/bin/sh', '-c', script] });
const reasonOf = async (gate: migration.Gate) => (await refusalOf(gate, name, new AbortController().signal))?.reason;

describe('a command', () => {
  test('that ends well holds', async () => expect(await reasonOf(exec('exit 0'))).toBeUndefined());

  test('that fails is told by its status and what it printed, in one line', async () => {
    expect(await reasonOf(exec('echo lag; printf "\\0337 s\\n"; exit 4'))).toBe('exit status 4: lag 7 s');
  });
});

describe('a URL', () => {
  test('that answers with a success holds, another status is told', async () => {
    await using well = await service(says(204));
    await using ill = await service(says(503));
    expect(await reasonOf({ kind: 'http', label: 'http', url: well.url })).toBeUndefined();
    expect(await reasonOf({ kind: 'http', label: 'http', url: ill.url })).toBe('status 503, expected a success');
  });

  test('where nobody listens is told so', async () => {
    const gone = await service(says(204));
    await gone[Symbol.asyncDispose]();
    expect(await reasonOf({ kind: 'http', label: 'http', url: gone.url })).toBe(`connect ECONNREFUSED ${new URL(gone.url).host}`);
  });
});

describe('a Prometheus query', () => {
  test.each([
    ['a value beyond the limit', 200, vector('0.25', '0.75', 'NaN'), 'found 0.75, NaN, expected < 0.5'],
    ['many of them', 200, vector('1', '2', '3', '4', '5'), 'found 1, 2, 3 and 2 more, expected < 0.5'],
    ['no value', 200, vector(), 'no value found'],
    ['an error', 400, '{"status":"error","error":"parse error: unexpected end of input"}', 'parse error: unexpected end of input'],
    ['no JSON', 502, '<html>', 'status 502 without JSON'],
  ] as const)('%s', async (_, status, body, reason) => {
    await using prometheus = await service(says(status, body));
    const gate = { kind: 'prometheus', label: 'lag', url: prometheus.url, query: 'lag', compare: '<', value: 0.5 } as const;
    expect(await reasonOf(gate)).toBe(reason);
  });

  test('holds when every value is within', async () => {
    await using prometheus = await service(says(200, vector('0.1', '0.2')));
    expect(await reasonOf({ kind: 'prometheus', label: 'lag', url: prometheus.url, query: 'lag', compare: '<', value: 0.5 })).toBeUndefined();
  });
});

describe('in a server', () => {
  beforeEach(stopTime);
  afterEach(() => void vi.useRealTimers());

  test('the status says why, and the log once', async () => {
    const gate = 'gate exec /bin/sh -c "date +%N; test -e {{DIR}}/may"';
    await using server = await servePlan(
      `. {\n migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 5\n admin 127.0.0.1:0\n ${gate}\n}\n whoami\n}\n`,
    );
    const found = async () => (await server.status(name)).gates[0] ?? { holds: null, reason: null };
    const passUntil = async (holds: (gate: Awaited<ReturnType<typeof found>>) => boolean) => {
      for (const late = deadline(); !late() && !holds(await found()); ) {
        await elapse(100);
        await delay(5);
      }
      return found();
    };
    const first = await passUntil(({ holds }) => holds !== null);
    expect(first).toMatchObject({ holds: false, reason: expect.stringMatching(/^exit status 1: \d+$/) });
    const again = await passUntil(({ reason }) => reason !== first.reason);
    expect(again.reason).toMatch(/^exit status 1: \d+$/);
    expect(server.running.lines.filter((line) => line.includes('does not hold'))).toEqual([
      expect.stringMatching(/^\[WARNING\] plugin\/migrate: www\.example\.org: gate exec .* does not hold: exit status 1: \d+$/),
    ]);
    writeFileSync(`${server.running.directory}/may`, '');
    expect(await passUntil(({ holds }) => holds === true)).toMatchObject({ holds: true, reason: null });
  });
});
