// Expressions of `var` and `expr`: those of views, and what the name has matched.
import { any, type Environment, readExpression, string } from 'ferrydns/expression';
import type { Query, SetupContext, Word } from 'ferrydns/plugin';
import type { TemplateData } from './data.ts';
import type { Condition } from './rule.ts';

/** What the expression that is evaluated is about. Evaluating takes no time in between. */
let current: TemplateData | undefined;

const functions: Environment<Query> = {
  group: { parameters: [any], result: string, call: (_query, key: unknown) => current?.match.named.get(String(key)) ?? '' },
};

/** Reads an expression. One that is wrong refuses the configuration, at its place. */
export function readCondition(words: readonly Word[], context: Pick<SetupContext, 'fail'>): Condition {
  const expression = readExpression(words, context, functions);
  return (query, data) => {
    current = data;
    return expression.evaluate(query);
  };
}
