// The journal's lines: one entry of JSON each, with a checksum. A torn last line is dropped; any other damage stops the plan (section 4).
import { crc32 } from 'node:zlib';
import type { Agreement, View } from './agreement.ts';

/** `agreement`: a server alone has agreed with itself. `view`: a replica's promise. `note`: for people. */
export type Entry =
  | {
      readonly kind: 'agreement';
      readonly version: number;
      readonly agreement: Agreement;
      readonly why: string;
      readonly by: string;
      readonly at: number;
    }
  | { readonly kind: 'view'; readonly view: View; readonly at: number }
  | { readonly kind: 'note'; readonly text: string; readonly by: string; readonly at: number };

/** What a journal holds. */
export interface Journal {
  readonly entries: readonly Entry[];
  /** The octets that are sound: a writer goes on from there. */
  readonly length: number;
  /** The last line was torn and left out. */
  readonly torn: boolean;
}

/** A journal that must not be believed. `line` counts from 1. */
export class JournalDamage extends Error {
  readonly line: number;

  constructor(line: number, what: string) {
    super(`line ${line} of the journal: ${what}`);
    this.line = line;
  }
}

export function encodeEntry(entry: Entry): string {
  const text = JSON.stringify(entry);
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** Reads a whole journal; throws {@link JournalDamage}. */
export function decodeJournal(text: string): Journal {
  const entries: Entry[] = [];
  let length = 0;
  let line = 0;
  const whole = Buffer.byteLength(text);
  for (const each of text.split('\n').slice(0, -1)) {
    line++;
    const entry = decodeLine(each);
    const size = Buffer.byteLength(each) + 1;
    const last = length + size === whole;
    if (typeof entry === 'string' && !last) throw new JournalDamage(line, entry);
    if (typeof entry === 'string') return { entries, length, torn: true };
    entries.push(entry);
    length += size;
  }
  return { entries, length, torn: !text.endsWith('\n') && text !== '' };
}

/** The last agreement and the last view: what a restarted server begins with. */
export function recovered({ entries }: Journal): { readonly version: number; readonly agreement: Agreement | null; readonly view: View | null } {
  const agreed = entries.findLast((entry) => entry.kind === 'agreement');
  const viewed = entries.findLast((entry) => entry.kind === 'view');
  return { version: agreed?.version ?? 0, agreement: agreed?.agreement ?? null, view: viewed?.view ?? null };
}

/** The entry, or what is wrong with the line. */
function decodeLine(line: string): Entry | string {
  const found = /^([0-9a-f]{8}) (.*)$/.exec(line);
  if (found === null) return 'no checksum, expected eight hexadecimal digits and a space';
  const [, sum = '', text = ''] = found;
  if (crc32(text) !== Number.parseInt(sum, 16)) return 'the checksum does not fit';
  return JSON.parse(text) as Entry;
}
