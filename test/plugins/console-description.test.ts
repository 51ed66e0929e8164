// Holds what is at a console alone to docs/admin-api.yaml: every answer that is described is had of a real server.
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { at, expectDescribed, expectValid, inPointer, operations } from '../support/admin-description.ts';
import { askConsole, bearer, consoleBlock, operatorToken, post, tokenFiles } from '../support/console.ts';
import { type Ask, eventsOf, open, type Told } from '../support/http.ts';

const described = operations.filter(({ operation }) => operation.tags?.includes('console') === true);
const cases = described.flatMap(({ path, method, operation }) =>
  Object.keys(operation.responses).map((status) => [method, path, Number(status)] as const),
);

const plan = 'names: www.example.org\nmode: blend\nfrom: 192.0.2.1\nto: 192.0.2.2\nttl: 30\n';
const bodies: Readonly<Record<string, object>> = {
  '/session': { token: operatorToken },
  '/configuration/check': { text: '. {\n whoami\n}\n' },
  '/plans/check': { text: plan, clients: 10 },
};
const directives = [
  'pool db.example.org {',
  ' member 192.0.2.1',
  '}',
  'migrate www.example.org {',
  ' from 192.0.2.1',
  ' to 192.0.2.2',
  ' ttl 5',
  ' admin off',
  ' journal {{DIR}}/j',
  '}',
  'querylog',
  'whoami',
];

let now = 0;
const start = () => serve(consoleBlock(['token {{DIR}}/operators', 'reader {{DIR}}/readers'], directives), { files: tokenFiles, now: () => now });

function request(path: string, method: string): Partial<Ask> {
  const headers = bearer(operatorToken);
  return method === 'POST' ? post(bodies[path] ?? {}, headers) : { method, headers };
}

/** The path with the parameters that it has to have. */
const withPlan = (path: string, plan = 'www.example.org') => (path === '/forecast' ? `${path}?plan=${plan}` : path);

type Provoke = (server: TestServer, path: string, method: string) => Promise<Told>;

const provoke: Readonly<Record<number, Provoke>> = {
  200: (server, path, method) => (path.endsWith('/events') ? firstEvent(server, path) : askConsole(server, withPlan(path), request(path, method))),
  400: (server, path, method) => askConsole(server, path, method === 'GET' ? request(path, method) : post({ hurry: 1 }, bearer(operatorToken))),
  404: (server, path, method) => askConsole(server, withPlan(path, 'other'), request(path, method)),
  401: (server, path, method) =>
    askConsole(
      server,
      path,
      path === '/session' ? post({ token: 'this-is-another-token' }) : { ...request(path, method), headers: { 'content-type': 'application/json' } },
    ),
  403: (server, path, method) =>
    askConsole(server, path, { ...request(path, method), headers: { ...request(path, method).headers, host: 'www.example.net' } }),
  405: (server, path, method) => askConsole(server, path, request(path, method === 'GET' ? 'POST' : 'GET')),
  413: (server, path) => askConsole(server, path, post(' '.repeat(70_000), bearer(operatorToken))),
  415: (server, path) => askConsole(server, path, { ...request(path, 'POST'), headers: { ...bearer(operatorToken), 'content-type': 'text/plain' } }),
  429: async (server, path) => {
    const told = await Promise.all(Array.from({ length: 40 }, () => askConsole(server, path, post({ token: 'this-is-another-token' }))));
    return told.find(({ status }) => status === 429) ?? told[0] ?? { status: 0, headers: {}, body: '' };
  },
  503: async (server, path, method) => {
    if (path.endsWith('/events')) {
      const port = server.server.httpPort('127.0.0.1:0');
      const streams = await Promise.all(Array.from({ length: 100 }, () => open({ port, path, headers: bearer(operatorToken) })));
      const told = await askConsole(server, path, request(path, method));
      for (const stream of streams) stream.destroy();
      return told;
    }
    const told = await Promise.all([1, 2, 3].map(() => askConsole(server, withPlan(path), request(path, method))));
    return told.find(({ status }) => status === 503) ?? { status: 0, headers: {}, body: '' };
  },
};

async function firstEvent(server: TestServer, path: string): Promise<Told> {
  const response = await open({ port: server.server.httpPort('127.0.0.1:0'), path, headers: bearer(operatorToken) });
  now += 5000;
  const { value } = await eventsOf(response).next();
  response.destroy();
  const { place } = at(`paths/${inPointer(path)}/get/responses/200`);
  expectValid(JSON.parse(value?.data ?? ''), `${place}/content/${inPointer('text/event-stream')}/x-event-data/${value?.name}`);
  return { status: response.statusCode ?? 0, headers: response.headers, body: '' };
}

test.each(cases)('%s %s with %i is as described', async (method, path, status) => {
  const how = provoke[status];
  if (how === undefined) throw new Error(`nobody knows how to have ${status}`);
  await using server = await start();
  await server.ask('db.example.org');
  const told = await how(server, path, method);
  expect(told.status, told.body).toBe(status);
  expectDescribed(told, path, method);
});

test('what plans and pools were is told as described, once the console has looked', async () => {
  await using server = await start();
  const look = async (path: string) => JSON.parse((await askConsole(server, path, request(path, 'GET'))).body);
  await expect
    .poll(() => look('/history/pools'), { timeout: 30_000, interval: 100 })
    .toMatchObject([{ pool: 'db.example.org.', members: [{ member: '192.0.2.1', changes: [{ up: true, serving: true }] }] }]);
  await expect
    .poll(() => look('/history/moves'), { timeout: 30_000, interval: 100 })
    .toMatchObject([{ plan: 'www.example.org', points: [{ phase: 'original', from: 0 }] }]);
  for (const path of ['/history/pools', '/history/moves']) {
    const { place } = at(`paths/${inPointer(path)}/get/responses/200`);
    expectValid(await look(path), `${place}/content/${inPointer('application/json')}/schema`);
  }
});

test('what is checked well, and what is not, is told as described', async () => {
  await using server = await start();
  for (const [path, text] of [
    ['/configuration/check', '. {\n nonsense\n}\n'],
    ['/plans/check', 'names: 7\n'],
  ] as const) {
    const told = await askConsole(server, path, post({ text }, bearer(operatorToken)));
    expect(JSON.parse(told.body).ok).toBe(false);
    expectDescribed(told, path, 'POST');
  }
});
