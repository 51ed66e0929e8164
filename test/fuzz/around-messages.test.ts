// What stands around a message: headers of proxies, packets of gRPC. Read as what they are, in whatever pieces they come, or refused.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPacket, writePacket } from '../../src/transport/grpc-packet.ts';
import { type ProxyHeader, readProxyHeader } from '../../src/transport/proxy-header.ts';
import * as headers from '../support/proxy-header.ts';
import { withFaults } from './faults.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

const sound = [
  headers.line('PROXY TCP4 192.0.2.7 198.51.100.9 4007 53'),
  headers.line('PROXY TCP6 2001:db8::7 2001:db8::9 4007 53'),
  headers.line('PROXY UNKNOWN'),
  ...[headers.streamFrom4, headers.streamFrom6, headers.datagramFrom4, headers.datagramFrom6, headers.local],
  headers.binary(0x21, 0x11, Buffer.concat([headers.ipv4, headers.value(0x04, Buffer.alloc(9))])),
  headers.withChecksum(0x21, headers.ipv6),
];

test('what begins like a header of a proxy is one, the start of one, or refused, whatever stands behind it', patience, () => {
  fc.assert(
    fc.property(withFaults(sound), fc.uint8Array({ maxLength: 20 }), (bytes, behind) => {
      const header = unlessRefused(() => cheaply(() => readProxyHeader(bytes)));
      if (typeof header !== 'object') return;
      expect(header.length).toBeLessThanOrEqual(bytes.length);
      expect(readProxyHeader(Buffer.concat([bytes, behind]))).toEqual(header);
      expect(readProxyHeader(bytes.subarray(0, header.length))).toEqual(header);
      for (let length = 0; length < header.length; length++) expect(readProxyHeader(bytes.subarray(0, length))).toBe('more');
      const { addresses } = header;
      if (addresses !== undefined) expect([addresses.port, addresses.localPort].every((port) => port >= 0 && port <= 0xffff)).toBe(true);
    }),
    manyRuns(),
  );
});

test('a packet of gRPC holds one message, or is refused', patience, () => {
  const packet = withFaults([Buffer.alloc(0), writePacket(Buffer.alloc(12, 7)), writePacket(Buffer.alloc(300, 8))]);
  fc.assert(
    fc.property(packet, (bytes) => {
      const message = unlessRefused(() => cheaply(() => readPacket(bytes)));
      if (message === undefined) return;
      expect(message.length).toBeLessThanOrEqual(bytes.length);
      expect(Buffer.compare(readPacket(writePacket(message)), message)).toBe(0);
    }),
    manyRuns(),
  );
});

function unlessRefused<T extends ProxyHeader | string | Buffer>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect((error as Error).constructor).toBe(Error);
    return undefined;
  }
}
