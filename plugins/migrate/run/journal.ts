// The journal of one plan: one line of JSON with a checksum for each entry, on disk before anybody acts on it.
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { migration } from 'ferrydns/plugin';
import { makeFolder, refusal } from './folder.ts';

export type Entry =
  /** A server alone: what is agreed on from now on. */
  | { readonly kind: 'commit'; readonly version: number; readonly agreement: migration.Agreement; readonly why: string; readonly by: string }
  /** One of several servers: what this replica answers by from now on. */
  | { readonly kind: 'view'; readonly replica: string; readonly view: migration.View }
  /** The plan as it is from now on. */
  | { readonly kind: 'plan'; readonly hash: string; readonly plan: migration.Plan }
  | { readonly kind: 'note' | 'alarm'; readonly text: string; readonly by: string };

/** An entry as it stands in the file. */
export type Written = Entry & { readonly n: number; readonly at: string };

/** A journal that cannot be believed. */
export class JournalDamage extends Error {
  /** Counted from 1. */
  readonly line: number;

  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line} - the journal is damaged: ${reason}`);
    this.line = line;
  }
}

export class Journal {
  readonly file: string;
  readonly entries: readonly Written[];
  /** Whether a last line that was not written to its end was dropped. */
  readonly torn: boolean;
  private readonly handle: FileHandle;
  /** Octets of whole entries; whatever is behind them is to be cut off. */
  private length: number;
  private count: number;
  private sum: string;
  private dirty: boolean;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(file: string, handle: FileHandle, read: ReadJournal) {
    this.file = file;
    this.handle = handle;
    this.entries = read.entries;
    this.length = read.length;
    this.count = read.entries.length;
    this.sum = read.sum;
    this.torn = read.torn;
    this.dirty = read.torn;
  }

  /** Opens a journal, or makes a new one with its folder. Rejects with JournalUnwritable, or JournalDamage when what is there cannot be believed. */
  static async open(file: string): Promise<Journal> {
    const above = await makeFolder(dirname(file), file);
    const handle = await open(file, 'a+', 0o600).catch((error: unknown) => {
      throw refusal(file, existsSync(file) ? file : dirname(file), error);
    });
    try {
      const read = readJournal(file, await readFile(file));
      if (read.entries.length === 0) await syncFolders(dirname(file), above);
      return new Journal(file, handle, read);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The entries of a journal, which is left as it is; none where there is none. Rejects with JournalDamage. */
  static async peruse(file: string): Promise<Pick<Journal, 'entries'>> {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    return readJournal(file, bytes);
  }

  /** Resolves when the entry is on disk. Rejects when it is not, and then it is not in the journal. Entries are written one after another. */
  append(entry: Entry): Promise<void> {
    const result = this.turn.then(() => this.write(entry));
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** After the last entry has been written. */
  async close(): Promise<void> {
    await this.turn;
    await this.handle.close();
  }

  private async write(entry: Entry): Promise<void> {
    await this.clean();
    const { line, sum } = lineOf({ n: this.count + 1, at: new Date().toISOString(), ...entry }, this.sum);
    const bytes = Buffer.from(line);
    this.dirty = true;
    for (let at = 0; at < bytes.length; ) at += (await this.handle.write(bytes, at)).bytesWritten;
    await this.handle.sync();
    this.dirty = false;
    this.length += bytes.length;
    this.count++;
    this.sum = sum;
  }

  /** Cuts off what a failure has left behind the last whole entry. */
  private async clean(): Promise<void> {
    const { size } = await this.handle.stat();
    if (!this.dirty && size !== this.length) {
      throw new Error(`the journal has ${size} octets where ${this.length} were written: another process writes to it`);
    }
    if (!this.dirty) return;
    await this.handle.truncate(this.length);
    await this.handle.sync();
    this.dirty = false;
  }
}

interface ReadJournal {
  readonly entries: readonly Written[];
  readonly length: number;
  readonly sum: string;
  readonly torn: boolean;
}

const firstSum = '00000000';
const separator = ',"sum":"';

/** Reads all entries. A last line without its end was being written when the machine stopped: nobody has acted on it. */
function readJournal(file: string, bytes: Buffer): ReadJournal {
  const entries: Written[] = [];
  let sum = firstSum;
  let length = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, length)) {
    const { entry, sum: next } = readLine(file, bytes.toString('utf8', length, end), { sum, line: entries.length + 1 });
    entries.push(entry);
    sum = next;
    length = end + 1;
  }
  return { entries, length, sum, torn: length < bytes.length };
}

function readLine(file: string, text: string, { sum, line }: { readonly sum: string; readonly line: number }) {
  const at = text.lastIndexOf(separator);
  if (at < 0) throw new JournalDamage(file, line, 'no entry with a checksum');
  const body = text.slice(0, at);
  const written = text.slice(at + separator.length);
  const computed = checksum(body, sum);
  if (written !== `${computed}"}`) throw new JournalDamage(file, line, `checksum ${written.slice(0, 8)}, expected ${computed}`);
  const entry = JSON.parse(`${body}}`) as Written;
  if (entry.n !== line) throw new JournalDamage(file, line, `entry ${entry.n}, expected entry ${line}`);
  return { entry, sum: computed };
}

function lineOf(entry: Written, before: string): { readonly line: string; readonly sum: string } {
  const body = JSON.stringify(entry).slice(0, -1);
  const sum = checksum(body, before);
  return { line: `${body}${separator}${sum}"}\n`, sum };
}

/** Of an entry and all before it, so that a missing line is found as well. */
function checksum(body: string, before: string): string {
  return crc32(`${before}${body}`).toString(16).padStart(8, '0');
}

/** A new file is there after a crash only when its folder is on disk, and so on up. */
async function syncFolders(folder: string, last: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    const handle = await open(at, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (at === last || at === dirname(at)) return;
  }
}
