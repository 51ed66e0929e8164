// Reads the words of a `name` rule and of the `answer` options behind it. Every function throws an Error that says what is wrong.
import { messageOf } from 'ferrydns/plugin';
import { type AnswerOptions, ExactNameRule, NameRule, swapSuffix } from './name-rule.ts';
import { absolute, compilePattern, isMatchKind, makePatternRenaming, makeRenaming } from './renaming.ts';
import type { Rule } from './rule.ts';
import type { Step } from './step.ts';

/** The rule that the words behind `name` make. */
export function parseNameRule(words: readonly string[], stop: boolean): Rule {
  const [first = '', second = '', third = ''] = words;
  if (words.length < 2) throw new Error('too few arguments for a name rule');
  if (words.length === 2) return exactRule({ from: first, to: second }, noAnswer, stop);
  const kind = first.toLowerCase();
  const answer = words.length === 3 ? noAnswer : parseAnswers(kind, words.slice(3));
  if (!isMatchKind(kind)) {
    throw new Error(`name rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${kind}`);
  }
  if (kind === 'exact') return exactRule({ from: second, to: third }, answer, stop);
  if (kind === 'regex') return new NameRule(makePatternRenaming(compilePattern(second, third), absolute(third)), answer, stop);
  const from = absolute(second);
  const to = absolute(third);
  const rename = makeRenaming(kind, from, to);
  if (kind !== 'suffix' || !answer.auto) return new NameRule(rename, answer, stop);
  return new NameRule(rename, { auto: false, steps: [...swapSuffix(to, from), ...answer.steps] }, stop);
}

/** A text that is a pattern as well, and refers to nothing in one. */
const plainName = /^[\w.-]{0,255}$/;

const noAnswer: AnswerOptions = { auto: false, steps: [] };

function exactRule(words: { from: string; to: string }, answer: AnswerOptions, stop: boolean): Rule {
  const from = absolute(words.from);
  const to = absolute(words.to);
  // The new name is no pattern, but CoreDNS refuses it where it would not be one.
  if (!(plainName.test(to) && plainName.test(from))) compilePattern(to, from);
  return new ExactNameRule({ from, to }, answer.steps, stop);
}

function parseAnswers(kind: string, words: readonly string[]): AnswerOptions {
  if (words.length < 2) throw new Error(`invalid arguments for ${kind} rule`);
  if (words[0] !== 'answer') throw new Error(`exceeded the number of arguments for a non-answer rule argument for ${kind} rule`);
  const steps: Step[] = [];
  let auto = false;
  for (let at = 0; at < words.length; ) {
    if (words[at] === 'answer') at++;
    const option = words[at++];
    if (option === undefined) throw new Error(`type missing for answer rule for ${kind} rule`);
    if (option === 'auto') auto = true;
    else {
      steps.push(parseRename({ option, kind }, words.slice(at, at + 2)));
      at += 2;
    }
  }
  if (auto && steps.some((step) => step.kind === 'name')) {
    throw new Error('auto name answer rule cannot be combined with explicit name anwer rules');
  }
  return { auto, steps };
}

function parseRename({ option, kind }: { option: string; kind: string }, [from, to]: readonly string[]): Step {
  if (option !== 'name' && option !== 'value') throw new Error(`invalid type "${option}" for answer rule for ${kind} rule`);
  if (from === undefined || to === undefined) throw new Error(`${option} answer rule for ${kind} rule: 2 arguments required`);
  try {
    const rename = makePatternRenaming(compilePattern(from, to), absolute(to));
    return { kind: option, rename: (name) => rename(name) ?? name };
  } catch (cause) {
    throw new Error(`${option} answer rule for ${kind} rule: ${messageOf(cause)}`, { cause });
  }
}
