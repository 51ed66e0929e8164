// The memory that the kernel writes to: nothing outside of it is ever touched, and the garbage collector leaves it alone.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { socketAddress } from '../../src/transport/batch/address.ts';
import { UdpDescriptor } from '../../src/transport/batch/descriptor.ts';
import { inRange, isNativeAvailable, Memory } from '../../src/transport/batch/library.ts';
import { listenUdpInBatches } from '../../src/transport/batch/listen.ts';
import { controlStride, Messages, nameStride } from '../../src/transport/batch/messages.ts';
import { chance } from '../support/chance.ts';
import { UdpClient } from '../support/client.ts';

const log = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };
const badDescriptor = 9;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function openSocket(packetInfo = false): UdpDescriptor {
  return new UdpDescriptor({ family: 4, name: socketAddress('127.0.0.1', 0), shared: false, packetInfo, bufferSize: 1 << 20 });
}

describe.runIf(isNativeAvailable())('lengths and places', () => {
  const notIn = (least: number, most: number) => [least - 1, most + 1, Number.NaN, Number.POSITIVE_INFINITY, -0.5, 0.5, 2 ** 32, 2 ** 53, -(2 ** 31)];

  test('a number is an integer within its bounds, or refused', () => {
    for (const value of [0, 1, 63]) expect(() => inRange(value, 0, 63)).not.toThrow();
    for (const value of notIn(0, 63)) expect(() => inRange(value, 0, 63)).toThrow(RangeError);
  });

  test('there are no pointers to outside of memory', () => {
    const memory = new Memory(100);
    expect(memory.pointer(99, 1) - memory.pointer(0, 100)).toBe(99n);
    for (const [at, length] of [
      [100, 1],
      [0, 101],
      [99, 2],
      [-1, 1],
      [0.5, 1],
      [Number.NaN, 1],
      [0, Number.NaN],
    ]) {
      expect(() => memory.pointer(at ?? 0, length ?? 0)).toThrow(RangeError);
    }
  });

  test('memory cannot be given away', () => {
    const { buffer } = new Memory(16);
    expect(() => structuredClone(buffer, { transfer: [buffer] })).toThrow('Cannot transfer');
    expect(buffer.resizable).toBe(false);
  });

  test('there are no messages without slots, and none longer than a datagram can be', () => {
    for (const slots of notIn(1, 1024)) expect(() => new Messages({ slots, slotLength: 512, family: 4, packetInfo: true })).toThrow(RangeError);
    for (const slotLength of notIn(1, 65536)) expect(() => new Messages({ slots: 2, slotLength, family: 6, packetInfo: true })).toThrow(RangeError);
  });

  test('only slots that are there are sent from, received into and measured', () => {
    const messages = new Messages({ slots: 4, slotLength: 512, family: 4, packetInfo: false });
    for (const slot of notIn(0, 3)) {
      expect(() => messages.setLength(slot, 1)).toThrow(RangeError);
      expect(() => messages.length(slot)).toThrow(RangeError);
      expect(() => messages.pointer(slot, 1)).toThrow(RangeError);
    }
    for (const length of notIn(0, 512)) expect(() => messages.setLength(0, length)).toThrow(RangeError);
    for (const [first, count] of [
      [0, 5],
      [1, 4],
      [3, 2],
      [0, 0],
      [0, -1],
    ])
      expect(() => messages.pointer(first ?? 0, count ?? 0)).toThrow(RangeError);
    for (const count of notIn(0, 4)) expect(() => messages.fill(count)).toThrow(RangeError);
  });

  test('a closed descriptor makes no calls', () => {
    const messages = new Messages({ slots: 1, slotLength: 512, family: 4, packetInfo: false });
    const socket = openSocket();
    socket.close();
    socket.close();
    expect(socket.receive(messages)).toBe(-badDescriptor);
    expect(socket.send(messages, 0, 1)).toBe(-badDescriptor);
    expect(() => socket.watch(() => {})).toThrow('EBADF');
  });
});

describe.runIf(isNativeAvailable())('what the kernel writes', () => {
  /** Sends messages of these lengths, each filled with its number, from and to these messages. */
  function exchange(outgoing: Messages, incoming: Messages, lengths: readonly number[]): number {
    const [from, to] = [openSocket(), openSocket(true)];
    try {
      for (const [slot, length] of lengths.entries()) {
        outgoing.names.set(to.name(), slot * nameStride);
        outgoing.data[slot]?.fill(slot + 1, 0, length);
        outgoing.setLength(slot, length);
      }
      expect(from.send(outgoing, 0, lengths.length)).toBe(lengths.length);
      return to.receive(incoming);
    } finally {
      from.close();
      to.close();
    }
  }

  test('messages of any length in slots of any length stay in their slots', () => {
    const next = chance(1);
    for (let round = 0; round < 300; round++) {
      const slots = 1 + next(16);
      const slotLength = 1 + next(3000);
      const incoming = new Messages({ slots, slotLength, family: 4, packetInfo: next(2) === 0 });
      const outgoing = new Messages({ slots, slotLength: 4000, family: 4, packetInfo: false });
      const first = incoming.data[0] as Buffer;
      const all = Buffer.from(first.buffer);
      all.fill(0xa5, first.byteOffset);
      const lengths = Array.from({ length: 1 + next(slots) }, () => next(4000));
      expect(exchange(outgoing, incoming, lengths)).toBe(lengths.length);
      for (const [slot, length] of lengths.entries()) {
        expect(incoming.length(slot)).toBe(Math.min(length, slotLength));
        expect(incoming.isTruncated(slot)).toBe(length > slotLength);
        expect(incoming.hasName(slot)).toBe(true);
        const { byteOffset } = incoming.data[slot] as Buffer;
        const received = Math.min(length, slotLength);
        expect(all.subarray(byteOffset, byteOffset + received).every((octet) => octet === slot + 1)).toBe(true);
        all.fill(0xa5, byteOffset, byteOffset + received);
      }
      expect(all.subarray(first.byteOffset).every((octet) => octet === 0xa5)).toBe(true);
    }
  });

  test('slots, addresses and control messages do not overlap', () => {
    const next = chance(2);
    for (let round = 0; round < 200; round++) {
      const messages = new Messages({ slots: 1 + next(64), slotLength: 1 + next(65536), family: next(2) === 0 ? 4 : 6, packetInfo: next(2) === 0 });
      const { buffer } = messages.data[0] as Buffer;
      const ranges = [messages.names, messages.controls, ...messages.data].map(
        ({ byteOffset, byteLength }) => [byteOffset, byteOffset + byteLength] as const,
      );
      for (const [i, [start, end]] of ranges.entries()) {
        expect(start).toBeGreaterThanOrEqual(ranges[i - 1]?.[1] ?? messages.slots * 80);
        expect(end).toBeLessThanOrEqual(buffer.byteLength);
      }
      expect([messages.names.length, messages.controls.length]).toEqual([messages.slots * nameStride, messages.slots * controlStride]);
    }
  });

  test('whatever stands in addresses and control messages, the kernel refuses or sends, and the next message goes out', () => {
    const next = chance(3);
    const outgoing = new Messages({ slots: 4, slotLength: 64, family: 4, packetInfo: true });
    const socket = openSocket();
    for (let round = 0; round < 2000; round++) {
      for (let i = 0; i < outgoing.controls.length; i++) outgoing.controls[i] = next(0x1_0000_0000);
      for (let i = 0; i < outgoing.names.length; i++) outgoing.names[i] = next(0x1_0000_0000);
      // Loopback alone: an address of any kind is tried with a family that is none.
      for (let slot = 0; slot < 4; slot++) outgoing.names[slot * nameStride] = 0x7777 | (next(0x10000) << 16);
      for (let slot = 0; slot < 4; slot++) outgoing.setLength(slot, next(65));
      expect(socket.send(outgoing, 0, 4)).toBeLessThan(0);
    }
    outgoing.names.set(socket.name(), 0);
    outgoing.controls.fill(0, 0, controlStride);
    outgoing.controls.set([28, 0, 0, 8], 0);
    outgoing.setLength(0, 5);
    expect(socket.send(outgoing, 0, 1)).toBe(1);
    socket.close();
  });
});

describe.runIf(isNativeAvailable())('under garbage collection', () => {
  test('messages stay what they are while everything around them is collected and moved', async () => {
    const collect = collector();
    const socket = await listenUdpInBatches({
      address: '0.0.0.0',
      port: 0,
      log,
      answerer: {
        answer(wire, start, end, peer, out) {
          if (((wire[start] ?? 0) & 1) === 0) {
            out.set(wire.subarray(start, end));
            return end - start;
          }
          const copy = Buffer.from(wire.subarray(start, end));
          setImmediate(() => peer.send(copy));
          return -1;
        },
      },
    });
    const next = chance(4);
    const askers = await Promise.all(Array.from({ length: 4 }, (_, i) => UdpClient.open({ port: socket.port, address: `127.0.0.${i + 1}` })));
    const garbage: unknown[] = [];
    for (let round = 0; round < 40; round++) {
      for (const [i, asker] of askers.entries()) {
        const message = Buffer.alloc(1 + next(2000), next(256));
        asker.send(message);
        garbage.push(new ArrayBuffer(next(100_000)), { i });
        if (round % 3 === i % 3) collect();
        expect(await asker.next()).toEqual(message);
      }
      if (round % 10 === 0) garbage.length = 0;
    }
    for (const asker of askers) asker.close();
    await socket.close();
    expect(socket.counters).toMatchObject({ received: 160, sent: 160 });
  });

  test('sockets that are opened and closed over and over leave nothing behind that fires', async () => {
    const collect = collector();
    for (let round = 0; round < 40; round++) {
      const answerer = { answer: () => 0 };
      const socket = await listenUdpInBatches({ address: '127.0.0.1', port: 0, answerer, log });
      const asker = await UdpClient.open({ port: socket.port });
      asker.send(Buffer.from('x'));
      if (round % 2 === 0) collect();
      if (round % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      await socket.close();
      asker.close();
      if (round % 5 === 0) collect();
    }
  });
});
