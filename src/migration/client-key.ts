// What counts as one client.
import { isIP } from 'node:net';

/** A client as the ledger tells them apart: an IPv4 address in `low`, or the first 64 bits of an IPv6 address. */
export interface ClientKey {
  readonly high: number;
  readonly low: number;
  readonly ipv6: boolean;
}

/** An IPv4 address, or the /64 of an IPv6 address, however it is written. */
export function clientOf(address: string): string {
  return clientText(clientKey(address));
}

export function clientKey(client: string): ClientKey {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(client)?.[1];
  const text = mapped ?? client;
  if (isIP(text) !== 6) return { high: 0, low: text.split('.').reduce((sum, octet) => ((sum << 8) | Number(octet)) >>> 0, 0), ipv6: false };
  const [head = '', tail] = (text.split('%')[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const dotted = back.at(-1)?.includes('.') === true ? 1 : 0;
  const missing = tail === undefined ? 0 : 8 - front.length - back.length - dotted;
  const groups = [...front, ...Array<string>(Math.max(0, missing)).fill('0'), ...back].map((group) => Number.parseInt(group, 16));
  const pair = (i: number) => (((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0)) >>> 0;
  return { high: pair(0), low: pair(2), ipv6: true };
}

export function clientText({ high, low, ipv6 }: ClientKey): string {
  if (!ipv6) return [24, 16, 8, 0].map((shift) => (low >>> shift) & 0xff).join('.');
  const groups = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].map((group) => group.toString(16));
  return `${groups.join(':')}::/64`;
}
