// What is wrong with a plan file is told at the word that is wrong.
import { describe, expect, test } from 'vitest';
import { ConfigErrors } from '../../src/config/error.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';

const sides = 'from: 192.0.2.1\nto: 192.0.2.2\n';
const head = `names: www.example.org\n${sides}`;

function problemsOf(text: string): readonly string[] {
  try {
    readPlanFile(text, 'plan.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    return error.problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
  }
}

describe('is refused at its place:', () => {
  test.each([
    [`${head}role: new\n`, '4:1 role new without a check of to: it could not tell when to answer A again'],
    [`${head}rollback: auto\n`, '4:1 rollback auto without a check of to: it could not tell when to go back'],
    [`${head}canary: [10, 50, 30]\n`, '4:18 30% after 50%, expected more: who has seen B stays there'],
    [`${head}canary: [10, 101]\n`, "4:14 canary: '101' is not a share from 0% to 100%"],
    [`${head}plan: x/y\n`, "4:7 plan: 'x/y' cannot be the name of a plan"],
    [`${head}plan: events\n`, "4:7 plan: 'events' cannot be the name of a plan"],
    [`names: events\n${sides}`, "1:8 'events' cannot be the name of a plan"],
    [`${head}gate:\n  - [exec, /bin/a]\n  - [exec, /bin/b]\n  - [exec, /bin/a]\n`, '4:1 two gates are called exec /bin/a'],
    [`${head}from: [[192.0.2.1], [192.0.2.3]]\n`.replace('from: 192.0.2.1\n', ''), "3:1 'from' stands twice, first in line 3"],
    [sides, "1:1 no name to move, expected 'names'"],
    ['', '1:1 unexpected content'],
  ])('%s', (text, problem) => {
    expect(problemsOf(text)).toContainEqual(problem);
  });
});

test('an unknown option is told with the keys that are documented', () => {
  expect(() => readPlanFile(`nmes: www.example.org\n${sides}`, 'plan.yaml')).toThrow(/expected one of names, plan, .*\n +did you mean 'names'\?/);
});

test('an exclusive plan without a fence is warned of at its mode', () => {
  const { warnings } = readPlanFile(`${head}mode: exclusive\n`, 'plan.yaml');
  expect(warnings.map(({ place, message }) => `${place.line}:${place.column} ${message}`)).toEqual([
    expect.stringMatching(/^4:1 exclusive without a fence: /),
  ]);
});
