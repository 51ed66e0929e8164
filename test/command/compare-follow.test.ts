// `ferrydns compare -follow`: the questions in captures and logs of others, whole or damaged, and what is printed of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeQuery, ownClient, parseName } from 'ferrydns/plugin';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { QuestionReader } from '../../src/command/captured-question.ts';
import { runCompare } from '../../src/command/compare-command.ts';
import { DnstapReader } from '../../src/command/dnstap-reader.ts';
import { LogReader } from '../../src/command/log-reader.ts';
import { PcapReader } from '../../src/command/pcap-reader.ts';
import { startUpstream } from '../support/upstream.ts';

function query(name: string, type = 'A'): Buffer {
  return makeQuery({ name: parseName(name), type, client: ownClient, receivedAt: 0 }).toWire(7);
}

/** The message as a reply. */
function reply(name: string): Buffer {
  const message = query(name);
  message.writeUInt16BE(0x8180, 2);
  return message;
}

const numbers = (...all: readonly (readonly [bits: 16 | 32, value: number, little?: boolean])[]) =>
  Buffer.concat(
    all.map(([bits, value, little = false]) => {
      const octets = Buffer.alloc(bits / 8);
      if (bits === 16) little ? octets.writeUInt16LE(value) : octets.writeUInt16BE(value);
      else little ? octets.writeUInt32LE(value) : octets.writeUInt32BE(value);
      return octets;
    }),
  );

const udp = (message: Buffer, port = 53) => Buffer.concat([numbers([16, 40_000], [16, port], [16, message.length + 8], [16, 0]), message]);

function ip4(datagram: Buffer, fragment = 0): Buffer {
  const head = Buffer.alloc(20);
  head[0] = 0x45;
  head.writeUInt16BE(20 + datagram.length, 2);
  head.writeUInt16BE(fragment, 6);
  head[9] = 17;
  return Buffer.concat([head, datagram]);
}

function ip6(datagram: Buffer): Buffer {
  const head = Buffer.alloc(40);
  head[0] = 0x60;
  head.writeUInt16BE(datagram.length, 4);
  head[6] = 17;
  return Buffer.concat([head, datagram]);
}

const ethernet = (packet: Buffer, type: number, tags: readonly number[] = []) =>
  Buffer.concat([Buffer.alloc(12), ...tags.map((tag) => numbers([16, 0x8100], [16, tag])), numbers([16, type]), packet]);

function pcap(packets: readonly Buffer[], { link = 1, little = true } = {}): Buffer {
  const head = numbers([32, 0xa1b2c3d4, little], [16, 2, little], [16, 4, little], [32, 0], [32, 0], [32, 262_144, little], [32, link, little]);
  const all = packets.map((packet) =>
    Buffer.concat([numbers([32, 1, little], [32, 2, little], [32, packet.length, little], [32, packet.length, little]), packet]),
  );
  return Buffer.concat([head, ...all]);
}

const varint = (number: number): Buffer =>
  number < 128 ? Buffer.from([number]) : Buffer.concat([Buffer.from([(number & 127) | 128]), varint(number >>> 7)]);
const bytesField = (number: number, bytes: Buffer) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
const numberField = (number: number, value: number) => Buffer.concat([varint(number * 8), varint(value)]);
const frame = (bytes: Buffer) => Buffer.concat([numbers([32, bytes.length]), bytes]);

const tap = (message: Buffer, kind = 5) =>
  frame(
    Buffer.concat([
      bytesField(1, Buffer.from('host')),
      bytesField(14, Buffer.concat([numberField(1, kind), numberField(2, 1), bytesField(10, message)])),
      numberField(15, 1),
    ]),
  );

function tapStream(...frames: readonly Buffer[]): Buffer {
  const type = Buffer.from('protobuf:dnstap.Dnstap');
  const start = Buffer.concat([numbers([32, 2], [32, 1], [32, type.length]), type]);
  return Buffer.concat([numbers([32, 0], [32, start.length]), start, ...frames, numbers([32, 0], [32, 4], [32, 3])]);
}

const log = [
  '[INFO] 127.0.0.1:50759 - 29008 "A IN www.example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s',
  '[INFO] plugin/reload: Running configuration',
  '{"time":"2026-11-28T23:33:40.123Z","name":"db.example.org.","type":"AAAA","rcode":"NOERROR"}',
  '{"name":7}',
  '{"name":',
  '',
].join('\n');

/** The questions, whatever the pieces in which it comes. */
function read(reader: QuestionReader, bytes: Buffer, piece = bytes.length): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += piece)
    found.push(...reader.push(bytes.subarray(at, at + piece)).map(({ name, type }) => `${name} ${type}`));
  return found;
}

const wanted = ip4(udp(query('www.example.org.')));

describe('a pcap file', () => {
  test.each([
    ['Ethernet', pcap([ethernet(wanted, 0x0800)])],
    ['Ethernet with tags, octets the other way round', pcap([ethernet(wanted, 0x0800, [1, 2])], { little: false })],
    ['Ethernet with IPv6', pcap([ethernet(ip6(udp(query('www.example.org.'))), 0x86dd)])],
    ['Linux cooked capture', pcap([Buffer.concat([Buffer.alloc(14), numbers([16, 0x0800]), wanted])], { link: 113 })],
    ['Linux cooked capture, version 2', pcap([Buffer.concat([numbers([16, 0x0800]), Buffer.alloc(18), wanted])], { link: 276 })],
    ['IP alone', pcap([wanted], { link: 101 })],
  ])('of %s is read, in pieces too', (_what, bytes) => {
    expect(read(new PcapReader(), bytes)).toEqual(['www.example.org. A']);
    expect(read(new PcapReader(), bytes, 3)).toEqual(['www.example.org. A']);
  });

  test('gives queries alone: no replies, other ports, fragments, transfers, and nothing of what is cut', () => {
    const others = [
      ip4(udp(reply('a.example.'))),
      ip4(udp(query('a.example.'), 5353)),
      ip4(udp(query('a.example.')), 0x2000),
      ip4(udp(query('a.example.', 'AXFR'))),
      wanted.subarray(0, 25),
      Buffer.alloc(0),
    ];
    expect(read(new PcapReader(), pcap([...others, wanted], { link: 101 }))).toEqual(['www.example.org. A']);
  });

  test('with another link type, or a packet that is too long, is refused', () => {
    expect(() => read(new PcapReader(), pcap([], { link: 147 }))).toThrow(/link type 147/);
    expect(() => read(new PcapReader(), Buffer.concat([pcap([]), Buffer.alloc(16, 255)]))).toThrow(/the capture is damaged/);
  });
});

describe('a dnstap stream', () => {
  const stream = tapStream(
    tap(query('www.example.org.')),
    tap(query('up.example.'), 3),
    tap(query('db.example.org.', 'MX'), 1),
    frame(Buffer.from('rubbish')),
  );

  test('gives the queries of clients, in pieces too', () => {
    expect(read(new DnstapReader(), stream)).toEqual(['www.example.org. A', 'db.example.org. MX']);
    expect(read(new DnstapReader(), stream, 1)).toEqual(['www.example.org. A', 'db.example.org. MX']);
  });

  test('is accepted where it comes over a socket', () => {
    const said: Buffer[] = [];
    const reader = new DnstapReader((answer) => void said.push(answer));
    reader.push(Buffer.concat([numbers([32, 0], [32, 4], [32, 4]), stream]));
    expect(said.map((answer) => answer.readUInt32BE(8))).toEqual([1, 5]);
  });

  test('of something else is refused', () => {
    const type = Buffer.from('protobuf:other');
    const start = Buffer.concat([numbers([32, 2], [32, 1], [32, type.length]), type]);
    expect(() => read(new DnstapReader(), Buffer.concat([numbers([32, 0], [32, start.length]), start]))).toThrow(/protobuf:other/);
    expect(() => read(new DnstapReader(), Buffer.alloc(8, 255))).toThrow(/no dnstap stream/);
  });
});

test('a log gives what can be read as a query', () => {
  expect(read(new LogReader(), Buffer.from(log))).toEqual(['www.example.org. A', 'db.example.org. AAAA']);
  expect(read(new LogReader(), Buffer.from(log), 7)).toEqual(['www.example.org. A', 'db.example.org. AAAA']);
  expect(() => read(new LogReader(), Buffer.alloc(70_000, 65))).toThrow(/a line of more than/);
});

test('damaged captures give questions or a reason, and never anything else', () => {
  const sound = [
    pcap([ethernet(wanted, 0x0800), ethernet(ip6(udp(query('a.example.'))), 0x86dd)]),
    tapStream(tap(query('a.example.')), tap(reply('b.example.'))),
    Buffer.from(log),
  ];
  const readers = [() => new PcapReader(), () => new DnstapReader(), () => new LogReader()];
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let run = 0; run < 3000; run++) {
    const bytes = Buffer.from(sound[run % 3] as Buffer);
    for (let faults = random(6); faults >= 0; faults--) bytes[random(bytes.length)] = random(256);
    try {
      for (const question of read((readers[run % 3] as () => QuestionReader)(), bytes.subarray(random(4)), 1 + random(50)))
        expect(question).toMatch(/^\P{Cc}+ [A-Z0-9-]+$/u);
    } catch (error) {
      expect((error as Error).message).toMatch(/expected|damaged/);
    }
  }
});

describe('the command', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferrydns-follow-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function follow(bytes: Buffer | string, ...servers: readonly string[]) {
    const file = join(folder, 'capture');
    writeFileSync(file, bytes);
    const lines: string[] = [];
    const live = { write: (text: string) => void lines.push(text), signal: new AbortController().signal };
    const result = await runCompare(['-servers', servers.join(','), '-follow', file, '-rounds', '1'], live);
    return { ...result, lines: lines.filter((line) => line !== '') };
  }

  test('prints each difference as it is found, each question once, and the numbers in the end', async () => {
    await using a = await startUpstream({ 'db.example.org AAAA': { rcode: 'NXDOMAIN' }, '* *': { answer: ['www.example.org 60 A 192.0.2.1'] } });
    await using b = await startUpstream({ '* *': { answer: ['www.example.org 60 A 192.0.2.1'] } });
    const { text, differs, lines } = await follow(`${log}\n${log}\n`, a.endpoint, b.endpoint);
    expect(lines).toEqual([expect.stringContaining('db.example.org. AAAA rcode: NXDOMAIN | NOERROR\n')]);
    expect(text).toBe('2 questions: 1 the same, 1 different\n');
    expect(differs).toBe(true);
    expect(a.asked).toHaveLength(2);
  });

  test('knows a capture by its first octets', async () => {
    await using a = await startUpstream({ '* *': { answer: [] } });
    expect((await follow(pcap([ethernet(wanted, 0x0800)]), a.endpoint, a.endpoint)).text).toBe('1 questions: 1 the same, 0 different\n');
    expect((await follow(tapStream(tap(query('www.example.org.'))), a.endpoint, a.endpoint)).text).toBe('1 questions: 1 the same, 0 different\n');
    await expect(follow(Buffer.from('0a0d0d0a00', 'hex'), a.endpoint, a.endpoint)).rejects.toThrow(/pcapng is not read/);
    expect((await follow('', a.endpoint, a.endpoint)).text).toBe('0 questions: 0 the same, 0 different\n');
  });
});
