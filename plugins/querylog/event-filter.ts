// Which events somebody wants to see: read from the parameters of a request, asked of records without making anything of most of them.
import { type Network, parseDuration, parseNetwork, rcodeCode, typeCode } from 'ferrydns/plugin';
import { noRcode } from './answered.ts';
import { clientForm } from './client-form.ts';
import { outcomes, transports } from './record.ts';
import type { RecordReader } from './record-reader.ts';
import { isFailure } from './selection.ts';

/** Whether a record is wanted. */
type Test = (record: RecordReader) => boolean;

/** Makes a test of what a parameter says. Throws an Error that says what is wrong with it. */
type MakeTest = (text: string) => Test;

const originTest =
  (part: 'server' | 'zone' | 'view' | 'plugin'): MakeTest =>
  (text) =>
  (record) =>
    record.origin[part] === text;
const toldTest =
  (part: 'upstream' | 'plan' | 'phase' | 'member'): MakeTest =>
  (text) =>
  (record) =>
    record.told[part] === text;

/** By parameter; those that cost little stand first, and are asked first. */
const makers: Readonly<Record<string, MakeTest>> = {
  rcode(text) {
    const code = text === 'none' ? noRcode : rcodeCode(text.toUpperCase() as Parameters<typeof rcodeCode>[0]);
    if (code === undefined) throw new Error(`unknown response code '${text}', expected one such as NXDOMAIN, or none`);
    return (record) => record.rcode === code;
  },
  type(text) {
    const code = typeCode(text.toUpperCase());
    if (code === undefined) throw new Error(`unknown type '${text}', expected one such as A, AAAA, MX or TYPE65280`);
    return (record) => record.typeCode === code;
  },
  transport: (text) => {
    const wanted = oneOf(text, transports);
    return (record) => record.transport === wanted;
  },
  cache: (text) => {
    const wanted = oneOf(text, [...outcomes.filter((each) => each !== undefined), 'none' as const]);
    return (record) => (record.cache ?? 'none') === wanted;
  },
  slow: (text) => {
    const least = parseDuration(text);
    return (record) => record.duration >= least;
  },
  failed: (text) => {
    const wanted = oneOf(text, ['true', 'false']) === 'true';
    return (record) => isFailure(record.rcode) === wanted;
  },
  client: clientTest,
  name: nameTest,
  server: originTest('server'),
  zone: originTest('zone'),
  view: originTest('view'),
  plugin: originTest('plugin'),
  upstream: toldTest('upstream'),
  plan: toldTest('plan'),
  phase: toldTest('phase'),
  member: toldTest('member'),
};

/** The parameters that say what is wanted. */
export const filterNames: readonly string[] = Object.keys(makers);

/** What all of these parameters say together. Throws an Error that names the parameter that is wrong. */
export function makeFilter(parameters: Readonly<Record<string, string>>): Test {
  const tests = filterNames.flatMap((name) => {
    const text = parameters[name];
    const make = makers[name];
    if (text === undefined || make === undefined) return [];
    try {
      return [make(text)];
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  });
  return (record) => tests.every((test) => test(record));
}

function oneOf<const T extends string>(text: string, words: readonly T[]): T {
  const found = words.find((each) => each === text);
  if (found === undefined) throw new Error(`'${text}', expected one of ${words.join(', ')}`);
  return found;
}

/** A name, or a pattern in which `*` stands for any characters. */
function nameTest(text: string): Test {
  const pattern = text.toLowerCase();
  const whole = pattern.endsWith('.') || pattern.endsWith('*') ? pattern : `${pattern}.`;
  return ({ name }) => fits(name, whole);
}

/** Whether a text fits a pattern; takes no longer than both are long, multiplied. */
function fits(text: string, pattern: string): boolean {
  let at = 0;
  let in_ = 0;
  let star = -1;
  let mark = 0;
  while (at < text.length) {
    if (pattern[in_] === '*') {
      star = in_++;
      mark = at;
    } else if (pattern[in_] === text[at]) {
      in_++;
      at++;
    } else if (star >= 0) {
      in_ = star + 1;
      at = ++mark;
    } else return false;
  }
  while (pattern[in_] === '*') in_++;
  return in_ === pattern.length;
}

/** A hash as it is shown, an address, or a network. */
function clientTest(text: string): Test {
  if (/^[\da-f]{16}$/.test(text)) return (record) => record.clientForm === clientForm.hash && record.client === text;
  const { bytes, length } = readNetwork(text);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(4 * i));
  const masks = words.map((_, i) => maskOf(length - 32 * i));
  const forms: readonly number[] = bytes.length === 4 ? [clientForm.v4, clientForm.v4Network] : [clientForm.v6, clientForm.v6Network];
  return (record) => forms.includes(record.clientForm) && words.every((each, i) => ((record.clientWord(i) ^ each) & (masks[i] as number)) === 0);
}

function readNetwork(text: string): Network {
  try {
    return parseNetwork(text);
  } catch {
    throw new Error(`'${text}', expected an address, a network such as 192.0.2.0/24, or a hash as it is shown`);
  }
}

function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}
