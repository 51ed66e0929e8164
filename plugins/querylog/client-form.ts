// How much of a client's address is kept: all of it, its network, or a hash that only who has the key can make.
import { createHmac } from 'node:crypto';
import { writeAddress } from 'ferrydns/built-in';
import { networkText, type Query } from 'ferrydns/plugin';

/** How the address of a client stands in a record. */
export const clientForm = { none: 0, v4: 1, v6: 2, v4Network: 3, v6Network: 4, hash: 5 } as const;
export type ClientForm = (typeof clientForm)[keyof typeof clientForm];

/** Writes who asks into four words from `at` on, and returns how it stands there. */
export type WriteClient = (query: Query, words: Uint32Array, at: number) => ClientForm;

const address = new Uint32Array(4);
const addressOctets = Buffer.from(address.buffer);

export const whole: WriteClient = ({ client }, words, at) => {
  const count = writeAddress(client, address);
  if (count === 0) return clientForm.none;
  words[at] = address[0] as number;
  if (count === 1) return clientForm.v4;
  for (let i = 1; i < 4; i++) words[at + i] = address[i] as number;
  return clientForm.v6;
};

/** /24 and /48. */
export const network: WriteClient = (query, words, at) => {
  const form = whole(query, words, at);
  if (form === clientForm.v4) {
    words[at] = (words[at] as number) & 0xffff_ff00;
    return clientForm.v4Network;
  }
  if (form === clientForm.none) return form;
  words[at + 1] = (words[at + 1] as number) & 0xffff_0000;
  words[at + 2] = 0;
  words[at + 3] = 0;
  return clientForm.v6Network;
};

/** The first 64 bits of the HMAC-SHA256 of the address. */
export function hashedBy(key: string): WriteClient {
  return ({ client }, words, at) => {
    const count = writeAddress(client, address);
    if (count === 0) return clientForm.none;
    const digest = createHmac('sha256', key)
      .update(addressOctets.subarray(0, 4 * count))
      .digest();
    words[at] = digest.readUInt32BE(0);
    words[at + 1] = digest.readUInt32BE(4);
    return clientForm.hash;
  };
}

/** The text of a client; empty where nobody is known. */
export function clientText(form: ClientForm, words: Uint32Array, at: number): string {
  const octets = Buffer.alloc(16);
  for (let i = 0; i < 4; i++) octets.writeUInt32BE(words[at + i] as number, 4 * i);
  if (form === clientForm.none) return '';
  if (form === clientForm.hash) return octets.toString('hex', 0, 8);
  const four = form === clientForm.v4 || form === clientForm.v4Network;
  const cut = form === clientForm.v4Network || form === clientForm.v6Network;
  const text = networkText({ bytes: four ? octets.subarray(0, 4) : octets, length: four ? 24 : 48 });
  return cut ? text : text.replace(/\/\d+$/, '');
}
