// Reads the words of one rule. Every function throws an Error that says what is wrong, in CoreDNS's words.
import { classCode, messageOf, rcodeCode, typeCode } from 'ferrydns/plugin';
import { parseEdns0Rule } from './edns0-parser.ts';
import { parseNameRule } from './name-parser.ts';
import { parseTtlRange, parseUint32 } from './number.ts';
import { maxPatternLength, Pattern } from './pattern.ts';
import { absolute, isMatchKind, type Matcher, makeMatcher, makePatternRenaming, makeRenaming, type Renaming } from './renaming.ts';
import { classRule, type Rule, replyRule, typeRule } from './rule.ts';

/** The rules that one use of the directive makes: one, but for what `edns0` needs besides. */
export function parseRule(words: readonly string[]): Rule[] {
  const mode = words[0]?.toLowerCase();
  if (mode === undefined) throw new Error('no rule type specified for rewrite');
  const hasMode = mode === 'continue' || mode === 'stop';
  if (hasMode && words.length < 2) throw new Error(`${mode} rule must begin with a rule type`);
  const [type = '', ...rest] = hasMode ? words.slice(1) : words;
  const stop = mode !== 'continue';
  switch (type.toLowerCase()) {
    case 'answer':
      throw new Error('response rewrites must begin with a name rule');
    case 'name':
      return [parseNameRule(rest, stop)];
    case 'type':
      return [parseTypeRule(rest, stop)];
    case 'class':
      return [parseClassRule(rest, stop)];
    case 'edns0':
      return parseEdns0Rule(rest, stop);
    case 'ttl':
      return [parseTtlRule(rest, stop)];
    case 'cname':
      return [parseCnameRule(rest, stop)];
    case 'rcode':
      return [parseRcodeRule(rest, stop)];
    default:
      throw new Error(`invalid rule type "${words[0]}"`);
  }
}

function parseTypeRule(words: readonly string[], stop: boolean): Rule {
  const [from = '', to = ''] = words.map((word) => word.toUpperCase());
  if (words.length !== 2) throw new Error('type rules must have exactly two arguments');
  const code = mnemonicCode(from, 'type');
  mnemonicCode(to, 'type');
  return typeRule(code, to, stop);
}

function parseClassRule(words: readonly string[], stop: boolean): Rule {
  const [from = '', to = ''] = words.map((word) => word.toUpperCase());
  if (words.length !== 2) throw new Error('class rules must have exactly two arguments');
  const code = mnemonicCode(from, 'class');
  mnemonicCode(to, 'class');
  return classRule(code, to, stop);
}

/** Numbers such as TYPE65 are no mnemonics to CoreDNS, so they are none here. */
function mnemonicCode(word: string, field: 'type' | 'class'): number {
  const code = field === 'type' ? typeCode(word) : classCode(word);
  if (code === undefined || /^(TYPE|CLASS)\d+$/.test(word)) throw new Error(`invalid ${field} "${word}"`);
  return code;
}

function parseTtlRule(words: readonly string[], stop: boolean): Rule {
  if (words.length < 2) throw new Error(`too few (${words.length}) arguments for a ttl rule`);
  const last = words.length > 3 ? '' : (words.at(-1) ?? '');
  const range = parseTtlRange(last);
  if (range === undefined) throw new Error(`invalid TTL '${last}' for a ttl rule`);
  return replyRule(parseMatcher(words.slice(0, -1), 'ttl'), [{ kind: 'ttl', ...range }], stop);
}

function parseRcodeRule(words: readonly string[], stop: boolean): Rule {
  if (words.length < 3) throw new Error(`too few (${words.length}) arguments for a rcode rule`);
  const [old = '', other = ''] = words.length > 4 ? [] : words.slice(-2);
  const from = parseRcode(old);
  if (from === undefined) throw new Error(`invalid matching RCODE '${old}' for a rcode rule`);
  const to = parseRcode(other);
  if (to === undefined) throw new Error(`invalid replacement RCODE '${other}' for a rcode rule`);
  return replyRule(parseMatcher(words.slice(0, -2), 'rcode'), [{ kind: 'rcode', from, to }], stop);
}

/** The words that say which queries a ttl or rcode rule is about: NAME, or how to compare and with what. */
function parseMatcher([first = '', second]: readonly string[], field: string): Matcher {
  if (second === undefined) return makeMatcher('exact', first, field);
  const kind = first.toLowerCase();
  if (!isMatchKind(kind)) throw new Error(`${field} rule supports only exact, prefix, suffix, substring, and regex name matching`);
  return makeMatcher(kind, second, field);
}

/** Where CoreDNS's mnemonics differ: 16 is BADSIG to it, and BADVERS is nothing. */
const rcodeAliases: Readonly<Record<string, number>> = { BADSIG: 16, NOTIMPL: 4 };

function parseRcode(word: string): number | undefined {
  const number = parseUint32(word);
  if (number !== undefined) return number <= 23 ? number : undefined;
  const upper = word.toUpperCase();
  if (upper === 'BADVERS' || /^RCODE\d+$/.test(upper)) return undefined;
  return rcodeAliases[upper] ?? rcodeCode(upper);
}

function parseCnameRule(words: readonly string[], stop: boolean): Rule {
  if (words.length !== 2 && words.length !== 3) throw new Error(`too few (${words.length}) arguments for a cname rule`);
  const [kind = '', from = '', to = ''] = (words.length === 2 ? ['exact', ...words] : words).map((word) => word.toLowerCase());
  if (!isMatchKind(kind)) throw new Error(`unknown cname rewrite type: ${kind}`);
  const empty = from === '' || to === '';
  const retarget = kind === 'regex' ? patternRetarget(from, to) : makeRenaming(kind, ...targets(kind, from, to));
  return replyRule(empty && kind !== 'exact' ? () => false : () => true, [{ kind: 'alias', retarget }], stop);
}

/** Only whole targets are made absolute; parts are compared as they are written. */
function targets(kind: string, from: string, to: string): [string, string] {
  return kind === 'exact' ? [absolute(from), absolute(to)] : [from, to];
}

function patternRetarget(from: string, to: string): Renaming {
  const length = Buffer.byteLength(from);
  if (length > maxPatternLength) throw new Error(`regex pattern too long in a cname rule: ${length} > ${maxPatternLength}`);
  try {
    return makePatternRenaming(new Pattern(from), to);
  } catch (cause) {
    throw new Error(`invalid cname rewrite regex pattern: ${messageOf(cause)}`, { cause });
  }
}
