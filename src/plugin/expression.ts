// `ferrydns/expression`: expressions in a configuration. Words are put together to the text of one, and a problem in it gets its place in the file.
import type { Word } from '../config/tree.ts';
import type { Query } from '../dns/query.ts';
import type { Environment } from '../expression/environment.ts';
import { compileExpression, type Expression } from '../expression/expression.ts';
import { ExpressionError, type Span } from '../expression/expression-error.ts';
import { parseExpression } from '../expression/parser.ts';
import { type ClientNetworks, clientNetworksOf } from './client-networks.ts';
import type { SetupContext } from './plugin.ts';
import { queryFunctions } from './query-functions.ts';

export { any, string } from '../expression/types.ts';
export type { ClientNetworks, Environment, Expression };

/** The text of an expression: the words with a blank between, as in CoreDNS. */
export function expressionText(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}

/** An expression about a query. */
export interface QueryExpression extends Expression<Query> {
  /** Where clients are whose queries it can be true of; undefined: anywhere. */
  readonly clients: ClientNetworks | undefined;
}

/** Reads an expression about a query, which may call `further` functions. One that is wrong refuses the configuration, and the error points at the part that is. */
export function readExpression(words: readonly Word[], context: Pick<SetupContext, 'fail'>, further: Environment<Query> = {}): QueryExpression {
  const text = expressionText(words);
  try {
    return { ...compileExpression(text, { ...queryFunctions, ...further }), clients: clientNetworksOf(parseExpression(text)) };
  } catch (error) {
    if (error instanceof ExpressionError) context.fail(error.message, placed(words, error));
    throw error;
  }
}

/** The part of the words that a stretch of their text is. A stretch over several words, and what is behind the last one, is pointed at where it begins. */
function placed(words: readonly Word[], { start, end }: Span): Word | undefined {
  let from = 0;
  for (const word of words) {
    const { length } = word.text;
    if (start < from + length || word === words.at(-1)) {
      const offset = Math.min(start - from, length);
      const column = word.place.column + offset + (word.quoted ? 1 : 0);
      return { ...word, place: { ...word.place, column, length: Math.max(1, Math.min(end - start, length - offset)) } };
    }
    from += length + 1;
  }
  return undefined;
}
