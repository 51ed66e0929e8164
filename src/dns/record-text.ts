// Reads a record in the text form of zone files (RFC 1035 section 5.1, RFC 3597 section 5).
import { classCode, className, isDataClass, isDataType, typeCode, typeName } from './codes.ts';
import { nameFromWire, nameToWire } from './name.ts';
import { rdataOf } from './rdata-text.ts';
import { checkedTtl, ResourceRecord } from './record.ts';
import { readTtl, type TextWord, wordsOf } from './text-words.ts';

/** Seconds that a record holds which does not say so itself. */
const usualTtl = 3600;

/**
 * Reads "NAME [TTL] [CLASS] TYPE DATA"; names are taken for absolute ones, @ is the root. Undefined for a text without words. Throws an Error that
 * says what is wrong.
 */
export function readRecord(text: string): ResourceRecord | undefined {
  const words = wordsOf(text);
  const [owner] = words;
  if (owner === undefined) return undefined;
  let ttl: number | undefined;
  let klass: number | undefined;
  for (let at = 1; at < words.length; at++) {
    const { text: word } = words[at] as TextWord;
    const seconds = ttl === undefined ? readTtl(word) : undefined;
    if (seconds !== undefined) {
      ttl = seconds;
      continue;
    }
    const type = typeCode(word);
    const code = klass === undefined ? classIn(word, words[at + 1], type) : undefined;
    if (code !== undefined) klass = code;
    else if (type !== undefined) return made({ name: owner.text, ttl, klass, type }, words.slice(at + 1));
    else throw new Error(`found "${word}", expected a TTL, a class or a record type`);
  }
  throw new Error('found no record type');
}

/** The class that a word is. ANY is a type too: a class only in front of a type. */
function classIn(word: string, next: TextWord | undefined, type: number | undefined): number | undefined {
  return type === undefined || typeCode(next?.text ?? '') !== undefined ? classCode(word) : undefined;
}

interface Head {
  readonly name: string;
  readonly ttl: number | undefined;
  readonly klass: number | undefined;
  readonly type: number;
}

function made({ name, ttl = usualTtl, klass = 1, type }: Head, words: readonly TextWord[]): ResourceRecord {
  if (!isDataType(type) || !isDataClass(klass)) throw new Error(`no record has the type ${typeName(type)} and the class ${className(klass)}`);
  const owner = nameFromWire(nameToWire(name === '@' ? '.' : name), 0);
  return new ResourceRecord({ name: owner, ttl: checkedTtl(ttl), classCode: klass, typeCode: type, rdata: rdataOf(type, words) });
}
