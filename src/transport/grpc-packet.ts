// The one message of CoreDNS's gRPC service: `message DnsPacket { bytes msg = 1; }`, in the encoding of Protocol Buffers.

/** Field 1, length-delimited. */
const tag = 0x0a;
/** A number of 32 bits takes five octets at most. */
const maxVarint = 5;

/** The message around the bytes of a DNS message. */
export function writePacket(message: Buffer): Buffer {
  const head = [tag];
  let length = message.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), message]);
}

/** The bytes of the DNS message; empty where the field is missing. Throws an Error at anything that is not this message. */
export function readPacket(packet: Buffer): Buffer {
  let message: Buffer = Buffer.alloc(0);
  let at = 0;
  while (at < packet.length) {
    if (packet[at] !== tag) throw new Error('expected a DnsPacket with the field msg alone');
    const { value: length, end } = readVarint(packet, at + 1);
    if (end + length > packet.length) throw new Error('the field msg ends behind its DnsPacket');
    // Of a field that is there several times the last one counts.
    message = packet.subarray(end, end + length);
    at = end + length;
  }
  return message;
}

function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < maxVarint; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: from + i + 1 };
  }
  throw new Error('a length in the DnsPacket is cut or too long');
}
