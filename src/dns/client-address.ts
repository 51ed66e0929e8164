// The address of a client as numbers, for who looks at the addresses of all clients and wants no text of them.
import type { Client } from './client.ts';
import { addressBytes } from './network.ts';

/** The address that was read last: a text that is met again is not read again. */
let lastText = '';
const lastWords = new Uint32Array(4);
let lastCount: 0 | 1 | 4 = 0;

/**
 * Writes the address as {@link Client.writeAddress} does, whatever the client can do; 0 where there is none, as of a connection that is gone. IPv4 inside
 * IPv6 (RFC 4291 section 2.5.5.2) is IPv4.
 */
export function writeAddress(client: Client, words: Uint32Array): 0 | 1 | 4 {
  if (client.writeAddress === undefined) return writeText(client.address, words);
  const count = client.writeAddress(words);
  const isMapped = count === 4 && words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  if (!isMapped) return count;
  words[0] = words[3] as number;
  return 1;
}

function writeText(text: string, words: Uint32Array): 0 | 1 | 4 {
  if (text !== lastText) {
    lastCount = readText(text);
    lastText = text;
  }
  words.set(lastWords);
  return lastCount;
}

function readText(text: string): 0 | 1 | 4 {
  const bytes = addressBytes(text);
  if (bytes === undefined) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0; i < bytes.length / 4; i++) lastWords[i] = view.getUint32(4 * i);
  return bytes.length === 4 ? 1 : 4;
}
