import { expect, test } from 'vitest';
import { decodeJournal, type Entry, encodeEntry, JournalDamage, recovered } from '../../src/migration/journal.ts';
import { planFor } from './scenarios.ts';
import { Server } from './server.ts';

const notes: readonly Entry[] = ['eins', 'zwei — ü', 'drei'].map((text, at) => ({ kind: 'note', text, by: 'operator', at }));
const text = notes.map(encodeEntry).join('');

test('what was written is read', () => {
  expect(decodeJournal(text)).toEqual({ entries: notes, length: Buffer.byteLength(text), torn: false });
  expect(decodeJournal('')).toEqual({ entries: [], length: 0, torn: false });
});

test('a line torn at any octet is dropped, and what is before it is kept', () => {
  const whole = Buffer.from(text);
  const lengths = notes.map((_, i) =>
    Buffer.byteLength(
      notes
        .slice(0, i + 1)
        .map(encodeEntry)
        .join(''),
    ),
  );
  for (let cut = 0; cut <= whole.length; cut++) {
    const { entries, length, torn } = decodeJournal(whole.subarray(0, cut).toString());
    const sound = lengths.filter((end) => end <= cut);
    expect(entries).toHaveLength(sound.length);
    expect(length).toBe(sound.at(-1) ?? 0);
    expect(torn).toBe(cut !== length);
  }
});

test('damage anywhere else stops the plan with the number of the line', () => {
  const lines = text.split('\n');
  expect(() => decodeJournal([lines[0], lines[1]?.replace('zwei', 'zwei!'), lines[2], ''].join('\n'))).toThrow(
    new JournalDamage(2, 'the checksum does not fit'),
  );
  expect(() => decodeJournal(['rubbish', lines[1], ''].join('\n'))).toThrow('line 1 of the journal: no checksum');
});

test('a server begins with the last agreement of its journal', () => {
  const server = new Server(planFor({ ttl: 10 }));
  server.command('start');
  const entries = server.effects.flatMap((effect, i): Entry[] =>
    effect.kind === 'commit' ? [{ kind: 'agreement', version: i + 1, agreement: effect.agreement, why: effect.why, by: effect.by, at: 0 }] : [],
  );
  const journal = decodeJournal(entries.map(encodeEntry).join(''));
  expect(recovered(journal).agreement).toEqual(server.agreement);
});
