// The network in which IPv6 addresses stand for IPv4 addresses, and how they do (RFC 6052).
import { cidr, type Network, networkText, parseNetwork, value } from 'ferrydns/plugin';

/** Where the octet of zeros stands that no address goes through (RFC 6052 section 2.2). */
const gap = 8;

/** A prefix of 32 to 96 bits, whole octets. */
export const prefixWord = value('PREFIX', parsePrefix, {
  expected: 'a network of IPv6 such as 64:ff9b::/96, with a prefix of 32, 40, 48, 56, 64 or 96 bits',
  schema: { type: ['string'], allOf: [cidr.schema, { pattern: ':.*/(?:32|40|48|56|64|72|80|88|96)$' }] },
});

/** The well-known prefix (RFC 6052 section 2.1). */
export const usualPrefix = parsePrefix('64:ff9b::/96');

/** The octets of the IPv6 address that stands for the IPv4 address of these octets. */
export function embedded({ bytes, length }: Network, address: Uint8Array): Uint8Array {
  const out = new Uint8Array(16);
  out.set(bytes.subarray(0, length / 8));
  let at = length / 8;
  for (const octet of address) {
    if (at === gap) at++;
    out[at++] = octet;
  }
  return out;
}

function parsePrefix(word: string): Network {
  if (!word.includes('/')) throw new Error(`invalid CIDR address: ${word}`);
  let network: Network;
  try {
    network = parseNetwork(word);
  } catch (cause) {
    throw new Error(`invalid CIDR address: ${word}`, { cause });
  }
  const { bytes, length } = network;
  if (bytes.length !== 16) throw new Error(`invalid netmask ${bytes.length * 8} IPv6 address: "${networkText(network)}"`);
  if (length % 8 !== 0 || length < 32 || length > 96) throw new Error(`invalid prefix length "${networkText(network)}"`);
  return network;
}
