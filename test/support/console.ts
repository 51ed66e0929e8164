// A server with a console, and how a browser and a program ask there.
import { serve, type TestServer } from 'ferrydns/testing';
import { type Ask, ask, type Told } from './http.ts';

export const operatorToken = 'q8fV0xw3hN5tKc2B';
export const readerToken = 'Lw7sYb4mTz9Rk1Qd';
export const tokenFiles = { operators: `${operatorToken}\n`, readers: `${readerToken}\n` };
const json = { 'content-type': 'application/json' };

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Asks the console of a server at the address that its Corefile names. */
export function askConsole({ server }: TestServer, path: string, more: Partial<Ask> = {}, address = '127.0.0.1:0'): Promise<Told> {
  return ask({ host: address.split(':')[0] ?? '', port: server.httpPort(address), path, ...more });
}

/** A POST with JSON. */
export function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Partial<Ask> {
  return { method: 'POST', headers: { ...json, ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

export const told = ({ body }: Told) => JSON.parse(body);

/** Shows a token and returns what a browser sends from then on. */
export async function login(server: TestServer, token: string): Promise<{ readonly cookie: string }> {
  const { headers, status, body } = await askConsole(server, '/session', post({ token }));
  const [cookie] = headers['set-cookie'] ?? [];
  if (cookie === undefined) throw new Error(`no cookie: ${status} ${body}`);
  return { cookie: cookie.split(';')[0] ?? '' };
}

/** A block that serves a console, with these options and further directives. */
export function consoleBlock(options: readonly string[] = [], directives: readonly string[] = ['whoami'], address = '127.0.0.1:0'): string {
  return `. {\n console ${address} {\n${options.map((line) => `  ${line}\n`).join('')} }\n${directives.map((line) => ` ${line}\n`).join('')}}\n`;
}

export function serveConsole(
  options: readonly string[] = [],
  directives?: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  return serve(consoleBlock(options, directives), { files: { ...tokenFiles, ...files } });
}
