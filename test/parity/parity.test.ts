// ferrydns answers as CoreDNS 1.14.7 did when test/parity/recorded was written; every wanted difference is named in docs/from-coredns.md.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import type { Recording } from './case.ts';
import { topics } from './cases/index.ts';
import { deviationsOf, expectedOf, judge } from './judge.ts';
import { observe } from './observe.ts';
import { ferrydns } from './subject.ts';

const subject = ferrydns(serve);
const attempts = 5;
const differencesPage = join(import.meta.dirname, '../../docs/from-coredns.md');

for (const [topic, cases] of Object.entries(topics)) {
  const recordings = read(topic);
  describe.concurrent(topic, () => {
    for (const parityCase of cases) {
      test(parityCase.name, async () => {
        const recorded = recordings[parityCase.name];
        if (recorded === undefined) throw new Error(`not recorded: npm run parity:record -- ${topic}`);
        const differences = async () => judge(parityCase, recorded, await observe(subject, parityCase, expectedOf(parityCase, recorded)));
        let found = await differences();
        // On a busy machine a second may pass where none did when it was recorded, and TTLs go down.
        for (let more = attempts; found.length > 0 && more > 1; more--) found = await differences();
        expect(found).toEqual([]);
      });
    }
  });
}

describe('the recording', () => {
  const all = Object.values(topics).flat();

  test('covers at least 200 exchanges', () => {
    expect(all.flatMap((each) => ('load' in each ? [] : each.steps)).length).toBeGreaterThanOrEqual(200);
  });

  test('holds nothing but the cases that exist', () => {
    for (const [topic, cases] of Object.entries(topics)) {
      expect(Object.keys(read(topic)).sort()).toEqual(cases.map(({ name }) => name).sort());
    }
  });

  test('differs from ferrydns only where docs/from-coredns.md says so', () => {
    const page = existsSync(differencesPage) ? readFileSync(differencesPage, 'utf8') : '';
    const missing = new Set(
      all
        .flatMap(deviationsOf)
        .map(({ id }) => id)
        .filter((id) => !page.includes(`\`${id}\``)),
    );
    expect([...missing]).toEqual([]);
  });
});

function read(topic: string): Record<string, Recording> {
  const file = join(import.meta.dirname, 'recorded', `${topic}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
