// Captures of queries: anything at all, or sound ones with faults, in pieces of any length.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { QuestionReader } from '../../src/command/captured-question.ts';
import { DnstapReader } from '../../src/command/dnstap-reader.ts';
import { LogReader } from '../../src/command/log-reader.ts';
import { PcapReader } from '../../src/command/pcap-reader.ts';
import { ethernet, ip4, ip6, log, pcap, query, read, reply, tap, tapStream, udp } from '../support/captures.ts';
import { withFaults } from './faults.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

const strange = '\\027[31m\\000<script>.example.org.';
const ethernets = [ethernet(ip4(udp(query(strange))), 0x0800, [1]), ethernet(ip6(udp(query('a.example.', 'MX'))), 0x86dd)];
const captures: readonly (readonly [string, () => QuestionReader, readonly Buffer[]])[] = [
  ['pcap', () => new PcapReader(), [pcap(ethernets), pcap(ethernets, { little: false }), pcap([ip4(udp(query(strange)))], { link: 101 })]],
  ['dnstap', () => new DnstapReader(), [tapStream(tap(query(strange)), tap(reply('b.example.')), tap(query('c.example.', 'TXT'), 3))]],
  ['log', () => new LogReader(), [Buffer.from(log)]],
];

test.each(captures)('any %s capture gives questions, the same in whatever pieces it comes, or a reason', patience, (_, reader, sound) => {
  fc.assert(
    fc.property(withFaults(sound), fc.integer({ min: 1, max: 50 }), (bytes, piece) => {
      const whole = outcome(reader, bytes, bytes.length);
      for (const question of whole.questions) expect(question).toMatch(/^\P{Cc}+ [A-Z0-9-]+$/u);
      if (whole.reason !== undefined) expect(whole.reason).toMatch(/expected|damaged/);
      const pieces = cheaply(() => outcome(reader, bytes, piece));
      expect(pieces.reason).toBe(whole.reason);
      if (whole.reason === undefined) expect(pieces.questions).toEqual(whole.questions);
    }),
    manyRuns(),
  );
});

/** What is read, or why it is refused. */
function outcome(reader: () => QuestionReader, bytes: Buffer, piece: number): { readonly questions: readonly string[]; readonly reason?: string } {
  try {
    return { questions: read(reader(), bytes, Math.max(1, piece)) };
  } catch (error) {
    return { questions: [], reason: (error as Error).message };
  }
}
