// The log of queries as a test reads it at the admin address.

import type { NumberedEvent } from 'ferrydns/built-in';
import { type ServeOptions, serve, type TestServer } from 'ferrydns/testing';
import { expect } from 'vitest';
import { ask } from './http.ts';
import { soon } from './soon.ts';

/**
 * Serves a Corefile and asks over TCP unless told otherwise: an answer over UDP that took more than a second to make, as on a busy machine, is made
 * anew, and is then an event twice.
 */
export async function serveLogged(corefile: string, options?: ServeOptions): Promise<TestServer> {
  const server = await serve(corefile, options);
  const { ask: usual } = server;
  return Object.assign(server, { ask: (...[name, type, how]: Parameters<TestServer['ask']>) => usual(name, type, { transport: 'tcp', ...how }) });
}

/** The directive that opens an admin address for {@link queriesOf}. */
export const admin = 'admin 127.0.0.1:0';

export interface Listed {
  readonly events: readonly NumberedEvent[];
  readonly more: boolean;
  readonly held: number;
  readonly written: number;
  readonly dropped: number;
  readonly oldest: string | null;
}

export function adminPort({ server }: Pick<TestServer, 'server'>): number | undefined {
  return server.httpPort('127.0.0.1:0');
}

/** What is told at /queries, the newest first. */
export async function queriesOf(server: TestServer, parameters = ''): Promise<Listed> {
  const { status, body } = await ask({ port: adminPort(server), path: `/queries?${parameters}` });
  expect(status, body).toBe(200);
  return JSON.parse(body) as Listed;
}

/** The events of a server when there are so many, the oldest first. */
export async function eventsWhenThere(server: TestServer, count: number, parameters = ''): Promise<readonly NumberedEvent[]> {
  await expect.poll(async () => (await queriesOf(server, parameters)).events.length, soon).toBeGreaterThanOrEqual(count);
  return [...(await queriesOf(server, parameters)).events].reverse();
}
