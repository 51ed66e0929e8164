// Reads the words of an `edns0` rule. Every function throws an Error that says what is wrong.
import { type Edns0Action, type Edns0Options, edns0Rules, emptyData, type OptionData, optionCodes, subnetData, variableData } from './edns0-rule.ts';
import { parseUint16 } from './number.ts';
import type { Rule } from './rule.ts';

/** The rules that the words behind `edns0` make. */
export function parseEdns0Rule(words: readonly string[], stop: boolean): Rule[] {
  if (words.length < 2) throw new Error('too few arguments for an EDNS0 rule');
  const [type = '', action = ''] = words.map((word) => word.toLowerCase());
  if (!isAction(action)) throw new Error(`invalid action: "${action}"`);
  if (action === 'unset') return edns0Rules(parseUnset(type, words), stop);
  const revert = words.at(-1) === 'revert';
  const rest = revert ? words.slice(0, -1) : words;
  return edns0Rules({ ...parseOption(type, rest), action, revert }, stop);
}

function isAction(word: string): word is Edns0Action {
  return word === 'set' || word === 'append' || word === 'replace' || word === 'unset';
}

function parseUnset(type: string, words: readonly string[]): Edns0Options {
  const unset = { action: 'unset', data: emptyData, appendsAlways: false, revert: false } as const;
  switch (type) {
    case 'local':
      if (words.length !== 3) throw new Error('local unset action requires exactly two arguments');
      return { ...unset, code: parseUint16(words[2] ?? '') };
    case 'nsid':
    case 'subnet':
      if (words.length !== 2) throw new Error(`${type} unset action requires exactly one argument`);
      return { ...unset, code: optionCodes[type] };
    default:
      throw new Error(`invalid rule type "${type}"`);
  }
}

function parseOption(type: string, words: readonly string[]): Pick<Edns0Options, 'code' | 'data' | 'appendsAlways'> {
  const [, , first = '', second = ''] = words;
  switch (type) {
    case 'local':
      if (words.length !== 4) throw new Error('EDNS0 local rules require three or four args');
      return parseLocal(first, second);
    case 'nsid':
      if (words.length !== 2) throw new Error('EDNS0 NSID rules can accept no more than one arg');
      return { code: optionCodes.nsid, data: emptyData, appendsAlways: true };
    case 'subnet': {
      if (words.length !== 4) throw new Error('EDNS0 subnet rules require three or four args');
      const bits = { 4: parseBits(first, 4), 6: parseBits(second, 6) } as const;
      return { code: optionCodes.subnet, data: subnetData(bits), appendsAlways: false };
    }
    default:
      throw new Error(`invalid rule type "${type}"`);
  }
}

function parseLocal(codeWord: string, dataWord: string): Pick<Edns0Options, 'code' | 'data' | 'appendsAlways'> {
  const code = parseUint16(codeWord);
  if (!dataWord.startsWith('{') || !dataWord.endsWith('}')) return { code, data: fixedData(dataWord), appendsAlways: true };
  const data = variableData(dataWord);
  if (data === undefined) throw new Error(`unsupported variable name "${dataWord}"`);
  return { code, data, appendsAlways: false };
}

function fixedData(word: string): OptionData {
  const bytes = word.startsWith('0x') ? parseHex(word.slice(2)) : Buffer.from(word);
  return () => bytes;
}

function parseHex(digits: string): Buffer {
  const wrong = /[^\da-f]/i.exec(digits)?.[0];
  if (wrong !== undefined) throw new Error(`encoding/hex: invalid byte: '${wrong}'`);
  if (digits.length % 2 === 1) throw new Error('encoding/hex: odd length hex string');
  return Buffer.from(digits, 'hex');
}

function parseBits(word: string, family: 4 | 6): number {
  const bits = parseUint16(word);
  if (bits > (family === 4 ? 32 : 128)) throw new Error(`invalid IPv${family} bit mask length ${bits}`);
  return bits;
}
