// The words for classes, types and response codes, as CoreDNS takes them: in capitals, and no numbers.
import { typeMnemonic } from 'ferrydns/built-in';
import { classCode, type Rcode, rcodeCode } from 'ferrydns/plugin';

/** A word, and the number that it stands for. */
export interface Mnemonic {
  readonly word: string;
  readonly code: number;
}

/** Where CoreDNS's words differ: 16 is BADSIG to it, 11 STATEFUL. */
const rcodeAliases: Readonly<Record<string, Rcode>> = { BADSIG: 'BADVERS', NOTIMPL: 'NOTIMP', STATEFUL: 'DSOTYPENI' };

export function readClass(word: string): Mnemonic {
  const code = /^[A-Z]+$/.test(word) ? classCode(word) : undefined;
  if (code === undefined) throw new Error(`invalid query class ${word}`);
  return { word, code };
}

export function readType(word: string): Mnemonic {
  const code = typeMnemonic(word);
  if (code === undefined) throw new Error(`invalid RR class ${word}`);
  return { word, code };
}

export function readRcode(word: string): Rcode {
  const alias = Object.hasOwn(rcodeAliases, word) ? rcodeAliases[word] : undefined;
  if (alias !== undefined) return alias;
  const isWord = /^[A-Z]+$/.test(word) && word !== 'BADVERS' && rcodeCode(word) !== undefined;
  if (!isWord) throw new Error(`unknown rcode ${word}`);
  return word as Rcode;
}
