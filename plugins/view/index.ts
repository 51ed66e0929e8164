// Chooses among server blocks of the same zone by expressions about the query.
import { type Expression, expressionText, readExpression } from 'ferrydns/expression';
import { definePlugin, metadataKey, metadataSource, provide, type Query, repeated, type SetupContext, text, type Word, words } from 'ferrydns/plugin';

const viewName = metadataKey<string>('view/name', 'the name of the view of the server block');

export default definePlugin({
  name: 'view',
  summary: 'takes the queries that its expressions are true of, and leaves all others to other server blocks',
  config: {
    args: { name: text },
    block: { expr: repeated({ expression: words('EXPRESSION', 1) }, 'what has to be true of a query; of several, all have to be') },
  },
  setup({ name: view, expr }, context) {
    const conditions = expr.map(({ expression }) => readCondition(expression, context));
    return {
      settings: { view },
      provides: [provide(metadataSource, (query) => query.metadata?.set(viewName, view))],
      admits: (query) => (query.explained === undefined ? areTrue(conditions, query) : explain(view, conditions, query)),
    };
  },
});

/** An expression, and how it is written. */
interface Condition {
  readonly expression: Expression<Query>;
  readonly written: string;
}

function readCondition(words: readonly Word[], context: SetupContext): Condition {
  const expression = readExpression(words, context);
  const written = expressionText(words);
  const { kind } = expression.type;
  if (kind !== 'bool' && kind !== 'any') context.warn(`this is no bool, so the view takes no query: ${written}`, words[0]);
  return { expression, written };
}

/** Throws where a condition cannot be evaluated for the query, which the server takes for a no. */
function areTrue(conditions: readonly Condition[], query: Query): boolean {
  for (const { expression } of conditions) if (expression.evaluate(query) !== true) return false;
  return true;
}

function explain(view: string, conditions: readonly Condition[], query: Query): boolean {
  const failed = conditions.find((condition) => !isTrue(condition, query));
  const why = failed === undefined ? 'takes the query' : `does not take the query: ${failed.written} is not true`;
  query.explained?.note(`view ${view} ${why}`);
  return failed === undefined;
}

function isTrue(condition: Condition, query: Query): boolean {
  try {
    return areTrue([condition], query);
  } catch {
    return false;
  }
}
