// The client subnet option: for whom a resolver asks, and for whom an answer is (RFC 7871).
import { ipv6Text } from './address.ts';
import { EdnsOption } from './codes.ts';
import type { Option } from './edns.ts';
import { parseNetwork } from './network.ts';
import { readUint16, writeUint16 } from './wire.ts';

/** A client subnet (RFC 7871 section 6). */
export interface ClientSubnet {
  /** The network whose clients are asked for, as "192.0.2.0/24"; its length is the source prefix. "0.0.0.0/0" asks that none be used. */
  readonly network: string;
  /** Bits of it that an answer is for; 0 in queries, and in answers that are for everybody. */
  readonly scope: number;
}

/** Octets of an address by the family of the option. Without a family there is no prefix (RFC 7871 section 7.1.2). */
const addressLengths: Readonly<Record<number, number>> = { 0: 0, 1: 4, 2: 16 };

/**
 * Whether the data of an option, `length` octets from `at` on, can be a client subnet at all: of a known family, with prefixes that an address of it has. What
 * is not is a malformed message (RFC 7871 section 6). An address with other octets or bits than its prefix asks for is no reason to refuse one.
 */
export function isClientSubnet(wire: Uint8Array, at: number, length: number): boolean {
  if (length < 4) return false;
  const octets = addressLengths[readUint16(wire, at)];
  return octets !== undefined && (wire[at + 2] as number) <= octets * 8 && (wire[at + 3] as number) <= octets * 8;
}

/** The client subnet among the options; undefined when there is none, or one that is malformed (RFC 7871 section 6). */
export function clientSubnetOf(options: readonly Option[]): ClientSubnet | undefined {
  const data = options.find(({ code }) => code === EdnsOption.CLIENT_SUBNET)?.data;
  if (data === undefined || !isClientSubnet(data, 0, data.length)) return undefined;
  const family = readUint16(data, 0);
  const [, , source = 0, scope = 0] = data;
  const length = addressLengths[family] ?? 0;
  if (data.length !== 4 + Math.ceil(source / 8)) return undefined;
  const address = new Uint8Array(length);
  address.set(data.subarray(4));
  const text = family !== 2 ? address.join('.') || '0.0.0.0' : ipv6Text(Array.from({ length: 8 }, (_, i) => readUint16(address, i * 2)));
  const network = `${text}/${source}`;
  return hasBitsBehind(address, source) ? undefined : { network, scope };
}

/** The option that carries a client subnet. Throws an Error when the network is none, or the scope longer than an address. */
export function clientSubnetOption({ network, scope = 0 }: { readonly network: string; readonly scope?: number }): Option {
  const { bytes, length } = parseNetwork(network);
  const bits = bytes.length * 8;
  if (!Number.isInteger(scope) || scope < 0 || scope > bits) throw new Error(`found ${scope} as scope of ${network}, expected 0 to ${bits}`);
  const data = Buffer.alloc(4 + Math.ceil(length / 8));
  writeUint16(data, 0, bytes.length === 4 ? 1 : 2);
  data.set([length, scope], 2);
  data.set(bytes.subarray(0, Math.ceil(length / 8)), 4);
  return { code: EdnsOption.CLIENT_SUBNET, data };
}

/** Whether a bit behind the prefix is set, which none must be. */
function hasBitsBehind(address: Uint8Array, length: number): boolean {
  return address.some((octet, i) => (octet & (0xff >> Math.max(0, Math.min(8, length - i * 8)))) !== 0);
}
