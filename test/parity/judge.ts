// The verdict on one parity case: the recording, changed by the wanted differences, against what ferrydns did.
import type { Deviation, ExchangeCase, LoadCase, Observation, ParityCase, Recording, Step } from './case.ts';
import { type Difference, differences, outputDifferences } from './compare.ts';
import { stepText } from './text.ts';
import { saysTheSame } from './words.ts';

/** A difference, and the step where it was seen. */
export interface Found extends Difference {
  readonly step: string;
}

/** What ferrydns has to do: the recording, with the wanted differences in their places. */
export function expectedOf(parityCase: ParityCase, recorded: Recording): Recording {
  if ('load' in parityCase) return { load: expected(recorded.load ?? {}, parityCase.deviation) };
  const steps = parityCase.steps.map((step, index) => expected(recorded.steps?.[index] ?? {}, deviationOf(step)));
  return { ...expectedOutput(parityCase, recorded), steps };
}

/** Every difference between a recorded case and what ferrydns did, wanted differences aside; empty means that it passed. */
export function judge(parityCase: ParityCase, recorded: Recording, outcome: Recording): Found[] {
  const wanted = expectedOf(parityCase, recorded);
  if ('load' in parityCase) return comparedLoad(parityCase, recorded.load, wanted.load ?? {}, outcome.load ?? {});
  const found: Found[] = [];
  let tolerance = 0;
  for (const [index, step] of parityCase.steps.entries()) {
    const options = typeof step === 'string' ? undefined : step;
    if (options !== undefined && ('pause' in options || options.until !== undefined)) tolerance = 1;
    const order = options?.order ?? parityCase.order ?? 'any';
    const was = wanted.steps?.[index] ?? {};
    const is = outcome.steps?.[index] ?? {};
    found.push(...differences(was, is, { order, tolerance }).map((each) => ({ step: stepText(step), ...each })));
  }
  return [...found, ...outputDifferences(wanted, outcome).map((each) => ({ step: 'standard output', ...each }))];
}

function comparedLoad(parityCase: LoadCase, recorded: Recording['load'], wanted: Observation, outcome: Observation): Found[] {
  const found = differences(wanted, outcome, { order: 'any', tolerance: 0 });
  const silent = parityCase.says !== undefined && outcome.message?.toLowerCase().includes(parityCase.says.toLowerCase()) !== true;
  const refused = wanted.accepted === false && parityCase.deviation === undefined;
  const differs = refused && !saysTheSame(recorded?.message ?? '', outcome.message ?? '');
  if (silent || differs) found.push({ field: 'message', recorded: recorded?.message, ferrydns: outcome.message });
  return found.map((each) => ({ step: 'load', ...each }));
}

/** The recording with the deviation in its place. A deviation that CoreDNS shares is an error in the case. */
function expected(recorded: Observation, deviation: Deviation | undefined): Observation {
  if (deviation === undefined) return recorded;
  const changed = { ...recorded, ...insteadOf(deviation, recorded) };
  if (differences(recorded, changed, { order: 'any', tolerance: 0 }).length === 0) {
    throw new Error(`deviation "${deviation.id}" does not differ from what CoreDNS did`);
  }
  if (changed.accepted === true) return { accepted: true };
  return changed;
}

function expectedOutput(parityCase: ExchangeCase, recorded: Recording): Recording {
  const deviation = parityCase.output?.deviation;
  const body = deviation === undefined ? undefined : insteadOf(deviation, { body: recorded.output ?? [] }).body;
  return body === undefined ? recorded : { output: body };
}

const insteadOf = ({ instead }: Deviation, recorded: Observation): Partial<Observation> =>
  typeof instead === 'function' ? instead(recorded) : instead;

const deviationOf = (step: Step): Deviation | undefined => (typeof step === 'string' ? undefined : step.deviation);

/** The wanted differences that a case names. */
export function deviationsOf(parityCase: ParityCase): Deviation[] {
  const own = 'load' in parityCase ? [parityCase.deviation] : [parityCase.output?.deviation, ...parityCase.steps.map(deviationOf)];
  return own.filter((deviation) => deviation !== undefined);
}
