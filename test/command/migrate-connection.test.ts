// How `ferrydns migrate` reaches a server: over TLS, with certificates, with a token, over a socket file.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AdminClient, type Connection } from '../../src/command/admin-client.ts';
import { pem, pemFile } from '../support/http.ts';
import { type PlanServer, servePlan } from '../support/migration.ts';

const name = 'www.example.org';
const token = 'q8fV0xw3hN5tKc2B';
const files = { 'cert.pem': pem('server.crt'), 'key.pem': pem('server.key'), 'ca.pem': pem('authority.crt'), token: `${token}\n` };
let folder = '';
let tokenFile = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-connection-'));
  tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${token}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const serving = (admin: string) =>
  servePlan(`. {\n migrate ${name} {\n from 192.0.2.1\n to 192.0.2.2\n ttl 60\n admin ${admin}\n}\n whoami\n}\n`, { files });
const portOf = ({ running }: PlanServer) => running.server.httpPort('127.0.0.1:0');
const ask = async (connection: Connection, environment: Readonly<Record<string, string>> = {}) => {
  const { plan } = (await new AdminClient(connection, environment).get(`/migrations/${name}`)) as { readonly plan: string };
  return plan;
};

test('over TLS, the authority of the server has to be known', async () => {
  await using server = await serving('127.0.0.1:0 tls {{DIR}}/cert.pem {{DIR}}/key.pem');
  const admin = `https://127.0.0.1:${portOf(server)}`;
  expect(await ask({ admin, ca: pemFile('authority.crt') })).toBe(name);
  expect(await ask({ admin: `https://localhost:${portOf(server)}`, ca: pemFile('authority.crt') })).toBe(name);
  await expect(ask({ admin })).rejects.toThrow(
    /^https:\/\/127\.0\.0\.1:\d+\/migrations\/www\.example\.org: (unable to verify|self-signed).*; -ca says by which authority/,
  );
  await expect(ask({ admin: `127.0.0.1:${portOf(server)}` })).rejects.toThrow(/^http:\/\/127\.0\.0\.1.*a server that speaks TLS is https:/);
});

test('with client certificates, one of the right authority is let in', async () => {
  await using server = await serving('127.0.0.1:0 tls {{DIR}}/cert.pem {{DIR}}/key.pem {{DIR}}/ca.pem');
  const connection = { admin: `https://127.0.0.1:${portOf(server)}`, ca: pemFile('authority.crt') };
  expect(await ask({ ...connection, cert: pemFile('operator.crt'), key: pemFile('operator.key') })).toBe(name);
  await expect(ask({ ...connection, cert: pemFile('stranger.crt'), key: pemFile('stranger.key') })).rejects.toThrow();
  await expect(ask(connection)).rejects.toThrow('the server asks for a certificate, expected -cert and -key');
});

test('with a token, by flag or from the environment', async () => {
  await using server = await serving('127.0.0.1:0 token {{DIR}}/token');
  const admin = `127.0.0.1:${portOf(server)}`;
  expect(await ask({ admin, token: tokenFile })).toBe(name);
  expect(await ask({}, { FERRYDNS_ADMIN: admin, FERRYDNS_TOKEN_FILE: tokenFile })).toBe(name);
  await expect(ask({ admin })).rejects.toThrow(
    "expected this server's token as bearer token: -token FILE or FERRYDNS_TOKEN_FILE says which file it is in",
  );
});

test('over a socket file, from the command line', async () => {
  await using server = await serving('unix:{{DIR}}/admin.sock');
  const place = `unix:${join(server.running.directory, 'admin.sock')}`;
  const words = ['migrate', 'start', name, '-by', 'ann', '-admin', place];
  const out = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), ...words], (error, text) => (error ? reject(error) : resolve(text)));
  });
  expect(out).toMatch(/phase +\[##\.{6}\] lowering/);
  expect(server.journal(name).join('\n')).toContain(`"by":"ann from ${place}"`);
  await expect(ask({ admin: `${place}.not` })).rejects.toThrow(
    `${place}.not/migrations/${name}: connect ENOENT ${place.slice('unix:'.length)}.not; nobody listens there`,
  );
});

test.each([
  [
    'a certificate without TLS',
    { admin: '127.0.0.1:9180', ca: 'ca.pem' },
    '-ca, -cert and -key are for https://HOST:PORT, found -admin 127.0.0.1:9180',
  ],
  ['a certificate without a key', { admin: 'https://127.0.0.1:9180', cert: 'cert.pem' }, '-cert and -key are given together'],
  ['no port', { admin: 'dns.example.org' }, '-admin dns.example.org: expected HOST:PORT, https://HOST:PORT or unix:PATH'],
  ['a path', { admin: 'http://127.0.0.1:9180/plans' }, 'expected HOST:PORT, https://HOST:PORT or unix:PATH'],
  ['a file that is missing', { admin: 'https://127.0.0.1:9180', ca: '/nowhere/ca.pem' }, '-ca /nowhere/ca.pem: ENOENT'],
])('%s is refused before anybody is asked', (_, connection, reason) => {
  expect(() => new AdminClient(connection, {})).toThrow(reason);
});

test('what is no admin address is said to be', async () => {
  await using server = await servePlan('. {\n health 127.0.0.1:0\n whoami\n}\n');
  await expect(ask({ admin: `127.0.0.1:${portOf(server)}` })).rejects.toThrow(/status 404, expected the admin address of a ferrydns$/);
});
