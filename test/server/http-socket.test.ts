// HTTP on a socket file: for the owner of the process alone, and never in the way of the next server.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpListeners } from '../../src/server/http.ts';
import { HttpRoutes } from '../../src/server/http-routes.ts';
import { ask } from '../support/http.ts';

let folder = '';
let socket = '';
const opened: HttpListeners[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-socket-'));
  socket = join(folder, 'admin.sock');
});
afterEach(() => {
  for (const listeners of opened.splice(0)) listeners.use(new HttpRoutes());
  rmSync(folder, { recursive: true });
});

async function listening(path = socket): Promise<HttpListeners> {
  const routes = new HttpRoutes();
  routes.add(`unix:${path}`, '/', { plugin: 'one', respond: ({ from }) => ({ status: 200, body: from }) });
  const listeners = new HttpListeners();
  await listeners.open(routes);
  listeners.use(routes);
  opened.push(listeners);
  return listeners;
}

test('answers there, is for its owner alone, and is gone afterwards', async () => {
  const listeners = await listening();
  expect((await ask({ socket, path: '/' })).body).toBe(`unix:${socket}`);
  expect(lstatSync(socket).mode & 0o777).toBe(0o600);
  listeners.use(new HttpRoutes());
  expect(existsSync(socket)).toBe(false);
});

test('the socket of a server that was killed is replaced', async () => {
  const die = `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  expect(() => execFileSync(process.execPath, ['-e', die])).toThrow();
  expect(lstatSync(socket).isSocket()).toBe(true);
  await listening();
  expect((await ask({ socket, path: '/' })).status).toBe(200);
});

test('a socket file that somebody has removed is there again after a reload', async () => {
  const listeners = await listening();
  rmSync(socket);
  const routes = new HttpRoutes();
  routes.add(`unix:${socket}`, '/', { plugin: 'one', respond: () => ({ status: 200, body: 'again' }) });
  await listeners.open(routes);
  listeners.use(routes);
  expect((await ask({ socket, path: '/' })).body).toBe('again');
  expect(lstatSync(socket).mode & 0o777).toBe(0o600);
});

test('the socket of a server that lives is left to it', async () => {
  await listening();
  await expect(listening()).rejects.toThrow(`listen unix ${socket}: bind: address already in use`);
  expect((await ask({ socket, path: '/' })).status).toBe(200);
});

test('what is no socket is not touched, and a path that is too long is said to be', async () => {
  writeFileSync(socket, 'mine');
  await expect(listening()).rejects.toThrow(`listen unix ${socket}: there is something else than a socket`);
  await expect(listening(join(folder, 'x'.repeat(100)))).rejects.toThrow(/the path has more than 107 octets$/);
  await expect(listening(join(folder, 'missing', 'admin.sock'))).rejects.toThrow(/^listen unix .*missing\/admin\.sock: /);
});
