// Reads hosts files, in slices, so that a long one does not keep queries waiting.
import { longestMatch, type Name, parseName } from 'ferrydns/plugin';
import { type Address, HostsTable, readAddress } from './table.ts';

/** What becomes of the entries. */
export interface Parsing {
  /** Names outside are left out. */
  readonly zones: readonly Name[];
  /** Whether addresses answer with their names. */
  readonly reverse: boolean;
}

/** Lines between two pauses: about a millisecond of work. */
const linesPerSlice = 500;

/** Reads a whole text in one piece. */
export function parseAll(text: string, parsing: Parsing): HostsTable {
  const slices = parseInSlices(text, parsing);
  let slice = slices.next();
  while (slice.done !== true) slice = slices.next();
  return slice.value;
}

/** Reads a text and pauses after each slice. What is no entry is passed over, as every resolver does with a hosts file. */
export function* parseInSlices(text: string, parsing: Parsing): Generator<void, HostsTable> {
  const reading: Reading = { table: new HostsTable(), addresses: new Map(), parsing };
  let lines = 0;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const stop = end === -1 ? text.length : end;
    readLine(text.slice(start, stop), reading);
    start = stop + 1;
    if (++lines % linesPerSlice === 0) yield;
  }
  return reading.table;
}

interface Reading {
  readonly table: HostsTable;
  /** Addresses read already: a block list has one for all its names. */
  readonly addresses: Map<string, Address | undefined>;
  readonly parsing: Parsing;
}

function readLine(line: string, { table, addresses, parsing }: Reading): void {
  const comment = line.indexOf('#');
  const [first, ...words] = (comment === -1 ? line : line.slice(0, comment)).trim().split(/\s+/);
  if (first === undefined || words.length === 0) return;
  if (!addresses.has(first)) addresses.set(first, readAddress(first));
  const address = addresses.get(first);
  if (address === undefined) return;
  for (const word of words) {
    const name = readName(word);
    if (name !== undefined && longestMatch(name, parsing.zones) !== undefined) table.add(name, address, parsing.reverse);
  }
}

const plainName = /^(?:[a-z\d_-]{1,63}\.)+$/;

function readName(word: string): Name | undefined {
  const lower = word.toLowerCase();
  const absolute = lower.endsWith('.') ? lower : `${lower}.`;
  if (absolute.length <= 254 && plainName.test(absolute)) return absolute as Name;
  try {
    return parseName(word);
  } catch {
    return undefined;
  }
}
