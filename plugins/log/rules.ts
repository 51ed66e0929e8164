// What is logged, and how: the rules that the arguments of `log` stand for.
import { isSubdomain, type Query, type SetupContext, type Word } from 'ferrydns/plugin';
import type { ReplyClass } from './classify.ts';
import { commonFormat, type Format, jsonFormat, parseFormat } from './format.ts';

export type LoggedClass = ReplyClass | 'all';

/** Names and what to log of them. */
export interface Rule {
  /** Undefined for every name. */
  readonly scope: string | undefined;
  /** Undefined for every class. */
  readonly classes: ReadonlySet<ReplyClass> | undefined;
  readonly format: Format;
}

/** The rules of one directive. The last word is a format only if it has a brace and a name stands before it: alone it is a name. */
export function rulesOf(words: readonly Word[], classes: readonly LoggedClass[], json: boolean, context: Pick<SetupContext, 'fail'>): Rule[] {
  const last = words.at(-1);
  const line = words.length > 1 && last?.text.includes('{') === true ? last : undefined;
  if (json && line !== undefined) context.fail(`'format json' stands in the block; expected no format here`, line);
  const names = (line === undefined ? words : words.slice(0, -1)).map(({ text }) => text);
  const format = json ? jsonFormat : parseFormat(line?.text ?? commonFormat);
  const every = classes.length === 0 || classes.includes('all');
  const logged = every ? undefined : new Set(classes.filter((one) => one !== 'all'));
  return (names.length === 0 ? ['.'] : names).map((name) => ({ scope: scopeOf(name), classes: logged, format }));
}

/** The first rule for the name asked for; what its classes say is not looked at. */
export function ruleFor(rules: readonly Rule[], query: Query): Rule | undefined {
  for (const rule of rules) {
    if (rule.scope === undefined || isSubdomain(query.name, rule.scope)) return rule;
  }
  return undefined;
}

export function parseClass(word: string): LoggedClass {
  if (word !== 'success' && word !== 'denial' && word !== 'error' && word !== 'all') throw new Error(`invalid Class: ${word}`);
  return word;
}

function scopeOf(name: string): string | undefined {
  const absolute = name.endsWith('.') ? name : `${name}.`;
  return absolute === '.' ? undefined : absolute.toLowerCase();
}
