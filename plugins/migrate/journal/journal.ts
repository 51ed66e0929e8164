// The journal of one plan: one line of JSON with a checksum for each entry, on disk before anybody acts on it.
import { type BigIntStats, existsSync } from 'node:fs';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { migration } from 'ferrydns/built-in/moves';
import { messageOf } from 'ferrydns/plugin';
import { makeFolder, refusal } from './folder.ts';
import { type Lock, lockJournal } from './lock.ts';

export type Entry =
  /** A server alone: what is agreed on from now on. */
  | { readonly kind: 'commit'; readonly version: number; readonly agreement: migration.Agreement; readonly why: string; readonly by: string }
  /** One of several servers: what this replica answers by from now on. */
  | { readonly kind: 'view'; readonly replica: string; readonly view: migration.View }
  /** The plan as it is from now on. */
  | { readonly kind: 'plan'; readonly hash: string; readonly plan: migration.Plan }
  /** One of several servers: the run that this journal is of from now on. */
  | { readonly kind: 'run'; readonly run: string }
  /** A reload has left the plan out. */
  | { readonly kind: 'left' }
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

/** What a look at a journal has found. */
export interface Trouble {
  readonly reason: string;
  /** Whether another one is there than this server has written, by which another server may act. */
  readonly foreign: boolean;
}

export class Journal {
  readonly file: string;
  readonly entries: readonly Written[];
  /** For the log: what was odd about the file when it was opened. */
  readonly remarks: readonly string[];
  /** What is wrong with the file since it was looked at or written to last; undefined: nothing. */
  trouble: Trouble | undefined;
  private readonly handle: FileHandle;
  private readonly lock: Lock;
  private readonly identity: string;
  /** Octets of whole entries. */
  private length: number;
  /** Octets that may be behind them, of an entry that was not written to its end: to be cut off. */
  private rest: number;
  private count: number;
  private sum: string;
  private looking = false;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(file: string, { handle, lock, identity }: OpenFile, read: ReadJournal) {
    const torn = read.rest === 0 ? undefined : 'the last entry was not written to its end and is dropped';
    this.file = file;
    this.handle = handle;
    this.lock = lock;
    this.identity = identity;
    this.entries = read.entries;
    this.length = read.length;
    this.rest = read.rest;
    this.count = read.entries.length;
    this.sum = read.sum;
    this.remarks = [torn, lock.doubt].filter((remark) => remark !== undefined);
  }

  /**
   * Opens a journal, or makes a new one with its folder. Rejects with JournalUnwritable, also when another server has it, or JournalDamage when what
   * is there cannot be believed.
   */
  static async open(file: string): Promise<Journal> {
    const above = await makeFolder(dirname(file), file);
    const handle = await open(file, 'a+', 0o600).catch((error: unknown) => {
      throw refusal(file, existsSync(file) ? file : dirname(file), error);
    });
    let lock: Lock | undefined;
    try {
      lock = await lockJournal(file);
      const identity = identityOf(await handle.stat({ bigint: true }));
      const read = readJournal(file, await handle.readFile());
      if (read.entries.length === 0) await syncFolders(dirname(file), above);
      return new Journal(file, { handle, lock, identity }, read);
    } catch (error) {
      lock?.release();
      await handle.close();
      throw error;
    }
  }

  /** The entries of a journal, which is left as it is; none where there is none. Rejects with JournalDamage. */
  static async peruse(file: string): Promise<Pick<Journal, 'entries' | 'file'>> {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    return { file, entries: readJournal(file, bytes).entries };
  }

  /** Resolves when the entry is on disk. Rejects when it is not, and then it is not in the journal. Entries are written one after another. */
  append(entry: Entry): Promise<void> {
    const result = this.turn.then(() => this.write(entry));
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** Looks whether the file is there as it was written, which {@link trouble} tells when it is known. A look that takes long is not joined by others. */
  look(): void {
    if (this.looking) return;
    this.looking = true;
    this.turn = this.turn.then(async () => {
      await this.inspect();
      this.looking = false;
    });
  }

  /** After the last entry has been written. */
  async close(): Promise<void> {
    await this.turn;
    this.lock.release();
    await this.handle.close();
  }

  private async write(entry: Entry): Promise<void> {
    await this.prepare();
    const { line, sum } = lineOf({ n: this.count + 1, at: new Date().toISOString(), ...entry }, this.sum);
    const bytes = Buffer.from(line);
    const { length } = this;
    this.rest = bytes.length;
    for (let at = 0; at < bytes.length; ) at += (await this.handle.write(bytes, at)).bytesWritten;
    await this.handle.sync();
    this.length += bytes.length;
    this.rest = 0;
    try {
      // Nobody would find it in a file that has been removed meanwhile, and another server may have written at the same time.
      await this.claim();
    } catch (error) {
      this.length = length;
      this.rest = bytes.length;
      throw error;
    }
    this.count++;
    this.sum = sum;
  }

  /** Cuts off what a failure has left behind the last whole entry. */
  private async prepare(): Promise<void> {
    await this.claim();
    if (this.rest === 0) return;
    await this.handle.truncate(this.length);
    await this.handle.sync();
    this.rest = 0;
  }

  /** Rejects when the file is not there as it was written. */
  private async claim(): Promise<void> {
    await this.inspect();
    if (this.trouble !== undefined) throw new Error(this.trouble.reason);
  }

  /** Never rejects. */
  private async inspect(): Promise<void> {
    try {
      const wrong = this.compare(await stat(this.file, { bigint: true }));
      this.trouble = wrong === undefined ? undefined : this.foreign(wrong);
    } catch (error) {
      const gone = /^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '');
      this.trouble = gone ? this.foreign('was removed') : { reason: `journal ${this.file} cannot be looked at: ${messageOf(error)}`, foreign: false };
    }
  }

  /** What is not as it was written. */
  private compare(found: BigIntStats): string | undefined {
    if (identityOf(found) !== this.identity) return 'was replaced by another file';
    const size = Number(found.size);
    if (size < this.length) return `has ${size} octets where ${this.length} were written: it was cut short`;
    return size > this.length + this.rest ? `has ${size} octets where ${this.length} were written: another process writes to it` : undefined;
  }

  private foreign(wrong: string): Trouble {
    return { reason: `journal ${this.file} ${wrong}; put it back as it was, then a restart of the server is all it takes`, foreign: true };
  }
}

/** A journal that is open. */
interface OpenFile {
  readonly handle: FileHandle;
  readonly lock: Lock;
  readonly identity: string;
}

interface ReadJournal {
  readonly entries: readonly Written[];
  /** Octets of whole entries, and of what is behind them. */
  readonly length: number;
  readonly rest: number;
  readonly sum: string;
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
  return { entries, length, rest: bytes.length - length, sum };
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

/** By which a file is known, whatever it is called. */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
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
