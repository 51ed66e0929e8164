// Makes a rule of one use of the directive, and says what is wrong with it, in CoreDNS's words.
import { messageOf, type Name, root, type SetupContext, type Word } from 'ferrydns/plugin';
import type { Mnemonic } from './mnemonics.ts';
import { maxPatternLength, Pattern } from './pattern.ts';
import { RecordTemplate } from './record-template.ts';
import type { Condition, RuleFields } from './rule.ts';

/** How expressions are read; loaded where there are any. */
export interface ExpressionLanguage {
  readCondition(words: readonly Word[], context: Pick<SetupContext, 'fail'>): Condition;
}

/** What the grammar makes of one use. */
interface Use {
  readonly class: Mnemonic;
  readonly type: Mnemonic;
  readonly zones: readonly Name[];
  readonly match: readonly { readonly regex: readonly Word[] }[];
  readonly answer: readonly RecordTexts[];
  readonly additional: readonly RecordTexts[];
  readonly authority: readonly RecordTexts[];
  readonly rcode: { readonly code: RuleFields['rcode'] } | undefined;
  readonly ederror: { readonly code: number; readonly reason: string | undefined } | undefined;
  readonly var: readonly { readonly name: string; readonly expression: readonly Word[] }[];
  readonly expr: readonly { readonly expression: readonly Word[] }[];
  readonly fallthrough: { readonly zones: readonly Name[] } | undefined;
}

interface RecordTexts {
  readonly text: readonly Word[];
}

export function readRule(use: Use, context: SetupContext, language: ExpressionLanguage | undefined): RuleFields {
  const templates = (lines: readonly RecordTexts[]) => lines.flatMap(({ text }) => text.map((word) => readTemplate(word, context)));
  const condition = (words: readonly Word[]) => language?.readCondition(words, context) ?? (() => undefined);
  const { ederror, fallthrough } = use;
  const first = [
    ...use.match.flatMap(({ regex }) => regex),
    ...use.answer.flatMap(({ text }) => text),
    ...use.authority.flatMap(({ text }) => text),
  ][0];
  return {
    zones: use.zones.length === 0 ? context.zones : use.zones,
    class: use.class.word,
    classCode: use.class.code,
    type: use.type.word,
    typeCode: use.type.code,
    patterns: use.match.flatMap(({ regex }) => regex.map((word) => readPattern(word, context))),
    conditions: use.expr.map(({ expression }) => condition(expression)),
    variables: use.var.map(({ name, expression }) => ({ name, value: condition(expression) })),
    templates: { answer: templates(use.answer), additional: templates(use.additional), authority: templates(use.authority) },
    rcode: use.rcode?.code ?? 'NOERROR',
    extendedError: ederror === undefined ? undefined : { code: ederror.code, text: ederror.reason ?? '' },
    fallthrough: fallthrough === undefined ? [] : fallthrough.zones.length === 0 ? [root] : fallthrough.zones,
    place: first === undefined ? `${use.class.word} ${use.type.word}` : `${first.place.file}:${first.place.line}`,
  };
}

function readPattern(word: Word, context: SetupContext): Pattern {
  const { text } = word;
  const length = Buffer.byteLength(text);
  if (length > maxPatternLength) context.fail(`regex pattern too long: ${length} > ${maxPatternLength}`, word);
  try {
    return new Pattern(text);
  } catch (error) {
    return context.fail(`could not parse regex: ${text}, ${messageOf(error)}`, word);
  }
}

function readTemplate(word: Word, context: SetupContext): RecordTemplate {
  try {
    return new RecordTemplate(word.text);
  } catch (error) {
    return context.fail(`could not compile template: ${word.text}, ${messageOf(error)}`, word);
  }
}
