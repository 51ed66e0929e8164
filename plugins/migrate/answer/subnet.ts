// The client subnet that a query may carry, and what an answer says of it to caches (RFC 7871).
import { migration } from 'ferrydns/built-in/moves';
import { EdnsOption, type Option, type Query, type Reply } from 'ferrydns/plugin';

/** Bits of an address, by the family of the option: 1 is IPv4, 2 is IPv6; 0 comes without an address. */
const addressBits: Readonly<Record<number, number>> = { 0: 0, 1: 32, 2: 128 };

/** The data of the option: family, length of the source prefix, length of the scope prefix, address. Undefined where there is none, or a malformed one. */
function subnetOf(query: Query): Uint8Array | undefined {
  const data = query.edns ? query.options.find(isSubnet)?.data : undefined;
  return data !== undefined && isWellFormed(data) ? data : undefined;
}

/** Bits of the subnet that the asker has sent; 0 where it has sent none, or does not want one to be used (RFC 7871 section 7.1.2). */
export function subnetLength(query: Query): number {
  return subnetOf(query.origin)?.[2] ?? 0;
}

/** Bits of a subnet that an answer is for; 0: it is for everybody. */
export function scopeOf(reply: Reply): number {
  return reply.options.find(isSubnet)?.data[3] ?? 0;
}

/** The reply with the subnet that was sent and the bits of it that the answer is for, where one was sent (RFC 7871 section 7.2.1). */
export function withScope(reply: Reply, query: Query, scope: number): Reply {
  const asked = subnetOf(query.origin);
  if (asked === undefined) return reply;
  const data = Buffer.from(asked);
  data.writeUInt8(scope, 3);
  return reply.with({ options: [...reply.options.filter((option) => !isSubnet(option)), { code: EdnsOption.CLIENT_SUBNET, data }] });
}

function isSubnet({ code }: Option): boolean {
  return code === EdnsOption.CLIENT_SUBNET;
}

/** As many octets of an address as the prefix needs, and no bits behind it (RFC 7871 section 6). */
function isWellFormed(data: Uint8Array): boolean {
  if (data.length < 4) return false;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const bits = bytes.readUInt8(2);
  if (bits > (addressBits[bytes.readUInt16BE(0)] ?? -1) || data.length !== 4 + Math.ceil(bits / 8)) return false;
  const spare = (8 - (bits % 8)) % 8;
  return (bytes.readUInt8(data.length - 1) & ((1 << spare) - 1)) === 0 || bits === 0;
}

/** Whom a share of the clients is drawn from: the subnet that the query carries (RFC 7871), the address, or its /64. A client that asks by itself and one whose address a forwarder names are the same. */
export function canaryKeyOf(query: Query): string {
  const subnet = subnetOf(query);
  if (subnet === undefined || subnet.length <= 4) return migration.clientOf(query.client.address);
  const [, family = 0, bits = 0] = subnet;
  const bytes = Buffer.from(subnet.subarray(4));
  if (family === 1 && bits === 32) return migration.clientOf(bytes.join('.'));
  if (family === 2 && bits >= 64) return migration.clientOf(`${[0, 2, 4, 6].map((at) => bytes.readUInt16BE(at).toString(16)).join(':')}::`);
  return `subnet ${Buffer.from(subnet.subarray(0, 3)).toString('hex')} ${bytes.toString('hex')}`;
}
