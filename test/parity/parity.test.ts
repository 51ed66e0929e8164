// ferrydns answers as CoreDNS 1.14.7 did when test/parity/recorded was written; every wanted difference is named in docs/from-coredns.md.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import type { Deviation, ExchangeCase, LoadCase, Observation, ParityCase, Recording, Step } from './case.ts';
import { topics } from './cases/index.ts';
import { type Difference, differences, outputDifferences } from './compare.ts';
import { observe } from './observe.ts';
import { ferrydns } from './subject.ts';
import { stepText } from './text.ts';

const subject = ferrydns(serve);
const differencesPage = join(import.meta.dirname, '../../docs/from-coredns.md');

for (const [topic, cases] of Object.entries(topics)) {
  const recordings = read(topic);
  describe.concurrent(topic, () => {
    for (const parityCase of cases) {
      test(parityCase.name, { timeout: 30_000 }, async () => {
        const recorded = recordings[parityCase.name];
        if (recorded === undefined) throw new Error(`not recorded: npm run parity:record -- ${topic}`);
        const outcome = await observe(subject, parityCase);
        expect(compared(parityCase, recorded, outcome)).toEqual([]);
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
    const missing = new Set(all.flatMap(deviationsOf).map(({ id }) => id).filter((id) => !page.includes(`\`${id}\``)));
    expect([...missing]).toEqual([]);
  });
});

interface Found extends Difference {
  readonly step: string;
}

function compared(parityCase: ParityCase, recorded: Recording, outcome: Recording): Found[] {
  if ('load' in parityCase) return comparedLoad(parityCase, recorded.load ?? {}, outcome.load ?? {});
  const found: Found[] = [];
  let tolerance = 0;
  for (const [index, step] of parityCase.steps.entries()) {
    const options = typeof step === 'string' ? undefined : step;
    if (options !== undefined && ('pause' in options || options.until !== undefined)) tolerance = 1;
    const order = options?.order ?? parityCase.order ?? 'any';
    const was = expected(recorded.steps?.[index] ?? {}, deviationOf(step));
    const is = outcome.steps?.[index] ?? {};
    found.push(...differences(was, is, { order, tolerance }).map((each) => ({ step: stepText(step), ...each })));
  }
  const output = expectedOutput(parityCase, recorded);
  return [...found, ...outputDifferences(output, outcome).map((each) => ({ step: 'standard output', ...each }))];
}

function comparedLoad(parityCase: LoadCase, recorded: Observation, outcome: Observation): Found[] {
  const wanted = expected(recorded, parityCase.deviation);
  const found = differences(wanted, outcome, { order: 'any', tolerance: 0 });
  const silent = parityCase.says !== undefined && outcome.message?.toLowerCase().includes(parityCase.says.toLowerCase()) !== true;
  if (silent) found.push({ field: 'message', recorded: recorded.message, ferrydns: outcome.message });
  return found.map((each) => ({ step: 'load', ...each }));
}

/** What ferrydns has to do: the recording, with the deviation in its place. A deviation that CoreDNS shares is an error in the case. */
function expected(recorded: Observation, deviation: Deviation | undefined): Observation {
  if (deviation === undefined) return recorded;
  const changed = { ...recorded, ...deviation.instead };
  if (differences(recorded, changed, { order: 'any', tolerance: 0 }).length === 0) {
    throw new Error(`deviation "${deviation.id}" does not differ from what CoreDNS did`);
  }
  if (changed.accepted === true) return { accepted: true };
  return changed;
}

function expectedOutput(parityCase: ExchangeCase, recorded: Recording): Recording {
  const body = parityCase.output?.deviation?.instead.body;
  return body === undefined ? recorded : { output: body };
}

const deviationOf = (step: Step): Deviation | undefined => (typeof step === 'string' ? undefined : step.deviation);

function deviationsOf(parityCase: ParityCase): Deviation[] {
  const own = 'load' in parityCase ? [parityCase.deviation] : [parityCase.output?.deviation, ...parityCase.steps.map(deviationOf)];
  return own.filter((deviation) => deviation !== undefined);
}

function read(topic: string): Record<string, Recording> {
  const file = join(import.meta.dirname, 'recorded', `${topic}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
