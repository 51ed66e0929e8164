// What tests of the UDP transports share: an answerer, a log, and sockets that are closed after each test.
import { networkInterfaces } from 'node:os';
import { afterEach } from 'vitest';
import type { Answerer } from '../../src/transport/answerer.ts';
import { UdpClient } from './client.ts';

export const silent = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };

export const hasIpv6 = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'));

/** Answers with the message itself. */
export const echo: Answerer['answer'] = (wire, start, end, _peer, out) => {
  out.set(wire.subarray(start, end));
  return end - start;
};

/** What a test has open; closed after each. */
export const open = new Set<{ close(): unknown }>();
afterEach(async () => {
  await Promise.all([...open].map((each) => each.close()));
  open.clear();
});

export async function client(port: number, address = '127.0.0.1'): Promise<UdpClient> {
  const made = await UdpClient.open({ port, address });
  open.add(made);
  return made;
}
