// Expressions of any parts: compiled and evaluated, or refused at the part that is wrong.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/expression.ts';
import { ExpressionError } from '../../src/expression/expression-error.ts';
import { parseExpression } from '../../src/expression/parser.ts';
import type { Node } from '../../src/expression/syntax.ts';
import { any, int, string } from '../../src/expression/types.ts';
import { expressionText } from './expression-text.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

const environment = {
  name: { parameters: [], result: string, call: () => 'www.example.org.' },
  port: { parameters: [], result: int, call: () => 53 },
  thing: { parameters: [], result: any, call: () => null },
};
const values = ['name()', 'port()', 'thing()', '1', '-1', '0x1f', '.5', '1..3', "'a'", '"b"', '`c`', 'true', 'nil', '[1, 2]', '{a: 1}', '#', 'x'];
const comparisons = ['==', '!=', '<', '>=', 'in', 'not in', 'matches', 'contains', 'startsWith'];
const operators = ['+', '-', '*', '/', '%', '**', '^', '..', '??', '&&', '||', '|', ...comparisons];
const others = ['!', 'not', '?', ':', '(', ')', '[', ']', '{', '}', ',', '.', '?.', 'let a = ', ';'];
const odd = ['len(', 'all(', 'filter(', 'map(', "'(a+)+$'", '"\\x', '\\', '@'];
const part = fc.oneof(fc.constantFrom(...values), fc.constantFrom(...operators, ...others), fc.constantFrom(...odd), fc.string({ maxLength: 3 }));
const soup = fc.array(part, { maxLength: 14 }).map((parts) => parts.join(' '));

/** Most of these can be read. */
const { sentence } = fc.letrec<{ sentence: string }>((tie) => {
  const of = (...frame: readonly string[]) =>
    fc.tuple(...frame.slice(1).map(() => tie('sentence'))).map((parts) => frame.map((each, i) => each + (parts[i] ?? '')).join(''));
  return {
    sentence: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...values),
      ...[...operators, '?:'].map((operator) => of('', ` ${operator} `, '')),
      of('', ' ? ', ' : ', ''),
      of('(', ')'),
      of('not (', ')'),
      of('-', ''),
      of('', '[', ']'),
      of('', '?.[', ']'),
      of('', '[', ':', ']'),
      of('[', ', ', ']'),
      of('{a: ', ', (', '): ', '}'),
      of('all(', ', ', ')'),
      of('', ' | map({', '})'),
      of('if ', ' { ', ' } else { ', ' }'),
      of('(let x = ', '; ', ')'),
    ),
  };
});
const text = fc.oneof(soup, sentence);

test('any text is an expression, or is refused at a stretch of it', patience, () => {
  fc.assert(
    fc.property(text, (written) => {
      try {
        const { evaluate } = cheaply(() => compileExpression(written, environment));
        tolerate(() => cheaply(() => evaluate({})));
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

test('what is read can be written, and is read as the same again', patience, () => {
  fc.assert(
    fc.property(text, (written) => {
      const tree = unlessRefused(() => parseExpression(written));
      if (tree !== undefined) expect(shapeOf(parseExpression(expressionText(tree)))).toBe(shapeOf(tree));
    }),
    manyRuns(4),
  );
});

/** A tree without the places of its parts. */
const shapeOf = (tree: Node) => JSON.stringify(tree, (key, value) => (['start', 'end', 'nameSpan'].includes(key) ? undefined : value));

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionError);
    return undefined;
  }
}

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
