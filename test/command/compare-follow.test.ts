// `ferrydns compare -follow`: the questions in captures and logs of others, and what is printed of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runCompare } from '../../src/command/compare-command.ts';
import { DnstapReader } from '../../src/command/dnstap-reader.ts';
import { LogReader } from '../../src/command/log-reader.ts';
import { PcapReader } from '../../src/command/pcap-reader.ts';
import { ethernet, frame, ip4, ip6, log, numbers, pcap, query, read, reply, tap, tapStream, udp } from '../support/captures.ts';
import { startUpstream } from '../support/upstream.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
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

  test('prints the numbers at a signal, although standard input does not end', async () => {
    await using a = await startUpstream({ '* *': { answer: ['www.example.org 60 A 192.0.2.1'] } });
    await using b = await startUpstream({ '* *': { answer: ['www.example.org 60 A 192.0.2.2'] } });
    const child = spawn(process.execPath, [main, 'compare', '-servers', `${a.endpoint},${b.endpoint}`, '-rounds', '1', '-follow', '-']);
    onTestFinished(() => void child.kill('SIGKILL'));
    let printed = '';
    child.stdout.on('data', (piece: Buffer) => {
      printed += String(piece);
    });
    const ended = once(child, 'close');
    child.stdin.write(`${log}\n`);
    await expect.poll(() => printed).toContain('www.example.org. A answer');
    child.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
    expect(printed).toMatch(/\d questions: 0 the same, \d different\n$/);
  });
});
