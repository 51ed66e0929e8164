// Chooses among server blocks of the same zone by expressions about the query.
import { expressionText, type QueryExpression, readExpression } from 'ferrydns/expression';
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
    const placed = conditions.find(({ expression }) => expression.clients !== undefined);
    const clients = placed?.expression.clients;
    // Where a condition says nothing but where the client is, the server has looked at that already.
    const areTrue = allOf(conditions.filter((each) => each !== placed || clients?.exact !== true));
    return {
      settings: { view },
      provides: [provide(metadataSource, (query) => query.metadata?.set(viewName, view))],
      admitsFrom: clients?.networks,
      admits: (query) => (query.explained === undefined ? areTrue(query) : explain(view, conditions, query)),
    };
  },
});

/** An expression, and how it is written. */
interface Condition {
  readonly expression: QueryExpression;
  readonly written: string;
}

function readCondition(words: readonly Word[], context: SetupContext): Condition {
  const expression = readExpression(words, context);
  const written = expressionText(words);
  const { kind } = expression.type;
  if (kind !== 'bool' && kind !== 'any') context.warn(`this is no bool, so the view takes no query: ${written}`, words[0]);
  return { expression, written };
}

/** Whether all of them are true of a query. Throws where one cannot be evaluated, which the server takes for a no. */
function allOf(conditions: readonly Condition[]): (query: Query) => boolean {
  const [first, ...others] = conditions.map(({ expression: { evaluate } }) => evaluate);
  if (first === undefined) return () => true;
  if (others.length === 0) return (query) => first(query) === true;
  return (query) => first(query) === true && others.every((evaluate) => evaluate(query) === true);
}

function explain(view: string, conditions: readonly Condition[], query: Query): boolean {
  const failed = conditions.find((condition) => !isTrue(condition, query));
  const why = failed === undefined ? 'takes the query' : `does not take the query: ${failed.written} is not true`;
  query.explained?.note(`view ${view} ${why}`);
  return failed === undefined;
}

function isTrue(condition: Condition, query: Query): boolean {
  try {
    return condition.expression.evaluate(query) === true;
  } catch {
    return false;
  }
}
