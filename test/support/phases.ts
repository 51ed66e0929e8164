// A plan on a stopped clock that is brought into any of its phases, what its clients are answered there, and a move to its end.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { queryMessage, readMessage } from './message.ts';
import type { PlanServer, Status } from './migration.ts';
import { soon } from './soon.ts';

export const name = 'www.example.org';
export const a = '192.0.2.1';
export const b = '192.0.2.2';
/** TTL before the move, and while moving, and what is added to every lease, in seconds. */
export const [ttl, shortTtl, slack, caches] = [20, 3, 3, 4];

interface Found {
  /** What the answer leads to; undefined when the plan is silent. */
  readonly addresses: readonly string[] | undefined;
  readonly ttl: number;
}

export interface Reached {
  readonly how: string;
  /** Options of the plan beside the usual ones. */
  readonly options: readonly string[];
  reach(server: PlanServer): Promise<void>;
}

export function corefile(...options: readonly string[]): string {
  const steady = [`from ${a}`, `to ${b}`, `ttl ${ttl}`, `transition_ttl ${shortTtl}`, `caches jvm ${caches}s`, 'hold 30ms', 'admin 127.0.0.1:0'];
  return `. {\n migrate ${name} {\n ${[...steady, ...options].join('\n ')}\n}\n whoami\n}\n`;
}

/** What a client at this address of the loopback network is answered. */
export async function answerTo(server: PlanServer, client: string): Promise<Found> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, client);
    await once(socket, 'listening');
    const arrived = once(socket, 'message', { signal: AbortSignal.timeout(soon.timeout) });
    socket.send(queryMessage(`${name} A`), server.running.port, '127.0.0.1');
    const [bytes] = (await arrived) as [Buffer];
    const { answer } = readMessage(bytes);
    return { addresses: answer.length === 0 ? undefined : answer.map(({ data }) => data).sort(), ttl: answer[0]?.ttl ?? 0 };
  } finally {
    socket.close();
  }
}

export const clients = Array.from({ length: 40 }, (_, i) => `127.0.1.${i + 1}`);

/** What every client is answered, by its address. */
export async function everyone(server: PlanServer): Promise<Map<string, Found>> {
  return new Map(await Promise.all(clients.map(async (client) => [client, await answerTo(server, client)] as const)));
}

export function clientsOf(found: ReadonlyMap<string, Found>, address: string): string[] {
  return [...found].filter(([, { addresses }]) => addresses?.includes(address) === true).map(([client]) => client);
}

/** The status once the journal has what was decided last: a rollback is told before what it means for the horizon. */
export async function settled(server: PlanServer, holds: (status: Status) => boolean): Promise<Status> {
  return vi.waitFor(async () => {
    const status = await server.status(name);
    expect(holds(status), JSON.stringify(status)).toBe(true);
    return status;
  }, soon);
}

export async function started(server: PlanServer): Promise<void> {
  expect(await server.order(name, 'start')).toBeUndefined();
}

export async function toStep(server: PlanServer, step: number): Promise<void> {
  await started(server);
  for (let i = 0; i <= step; i++) await server.advance(name);
  expect(await server.status(name)).toMatchObject({ phase: 'transition', step });
}

export async function toCountdown(server: PlanServer): Promise<void> {
  await started(server);
  await server.advance(name);
}

export async function toFence(server: PlanServer, state: string): Promise<void> {
  await toCountdown(server);
  await server.until(name, 'flipping');
  await settled(server, ({ fence }) => fence?.state === state);
}

/** The move from the start to its end in this epoch, with a client that asks all the time: no answer with A outlives the horizon. */
export async function moveToTheEnd(server: PlanServer, epoch: number): Promise<void> {
  expect(await server.order(name, 'start', epoch)).toBeUndefined();
  const begun = Date.now();
  let lastWithA = 0;
  const look = async () => {
    const { addresses, ttl: answered } = await answerTo(server, '127.0.0.1');
    if (addresses?.includes(a) === true) lastWithA = Date.now() + answered * 1000;
  };
  await look();
  while (!['draining', 'done'].includes((await server.status(name)).phase ?? '')) {
    await look();
    if ((await server.order(name, 'advance', epoch)) !== undefined) await server.pass(name, 500);
    expect(Date.now() - begun).toBeLessThan(300_000);
  }
  expect(Date.now() - begun).toBeGreaterThanOrEqual((ttl + slack + caches) * 1000);
  const { horizon } = await server.until(name, 'done', look);
  expect(Date.parse(horizon.a_may_be_switched_off ?? '')).toBeGreaterThanOrEqual(lastWithA + caches * 1000);
  expect(await answerTo(server, '127.0.0.1')).toEqual({ addresses: [b], ttl });
}
