// Expressions of any parts: compiled and evaluated, or refused at the part that is wrong.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/expression.ts';
import { ExpressionError } from '../../src/expression/expression-error.ts';
import { any, int, string } from '../../src/expression/types.ts';
import { manyRuns, patience } from './runs.ts';

const environment = {
  name: { parameters: [], result: string, call: () => 'www.example.org.' },
  port: { parameters: [], result: int, call: () => 53 },
  thing: { parameters: [], result: any, call: () => null },
};
const part = fc.oneof(
  fc.constantFrom('name()', 'port()', 'thing()', '1', '-1', '0x1f', '.5', '1..3', "'a'", '"b"', '`c`', 'true', 'nil', '[1, 2]', '{a: 1}', '#', 'x'),
  fc.constantFrom(
    '+',
    '-',
    '*',
    '/',
    '%',
    '**',
    '^',
    '==',
    '!=',
    '<',
    '>=',
    '&&',
    '||',
    '!',
    'not',
    'in',
    'matches',
    'contains',
    'startsWith',
    '??',
    '?',
    ':',
    '..',
    '|',
  ),
  fc.constantFrom('(', ')', '[', ']', '{', '}', ',', '.', '?.', 'len(', 'all(', 'filter(', 'map(', 'let a = ', ';', "'(a+)+$'", '"\\x', '\\', '@'),
  fc.string({ maxLength: 3 }),
);
const text = fc.array(part, { maxLength: 14 }).map((parts) => parts.join(' '));

test('any text is an expression, or is refused at a stretch of it', patience, () => {
  fc.assert(
    fc.property(text, (written) => {
      try {
        const { evaluate } = compileExpression(written, environment);
        tolerate(() => evaluate({}));
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
        const { start, end } = error as ExpressionError;
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBeLessThanOrEqual(written.length + 1);
      }
    }),
    manyRuns(4),
  );
});

/** Some expressions have no value, as an item behind the end of an array; they say so as an Error with words of their own. */
function tolerate(evaluate: () => unknown): void {
  try {
    evaluate();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(ReferenceError);
  }
}
