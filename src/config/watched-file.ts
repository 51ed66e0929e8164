// A file that is read again when it has changed: the one place where that is decided, for everybody who keeps what a file says.
import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * File systems count time in steps of up to two seconds, and two writes within one step leave the same time behind. A file that changed less than
 * so many milliseconds before it was read is therefore read once more.
 */
const coarsestStep = 2000;

/**
 * One file, by its path. It is another one when the path, links followed, leads to another device or inode count, or when its size, its time of
 * writing or the time of its last change of any kind differ: a switched link, as on systems whose files all have the same time, is seen too.
 */
export class WatchedFile {
  readonly path: string;
  /** When what was read last was written, in milliseconds since 1970; undefined before the first reading. */
  writtenAt: number | undefined;
  private stamp = '';
  private digest = '';
  private settled = false;

  constructor(path: string) {
    this.path = path;
  }

  /** What the file holds, if that is not what was read last; undefined if it is. Rejects with the system's error when it cannot be read. */
  async readChange(): Promise<Buffer | undefined> {
    const file = await open(this.path);
    try {
      const stats = await file.stat({ bigint: true });
      return this.isRead(stats) ? undefined : this.take(stats, await file.readFile());
    } finally {
      await file.close();
    }
  }

  /** As {@link readChange}, at once: for small files, and before anything is served. */
  readChangeSync(): Buffer | undefined {
    const descriptor = openSync(this.path, 'r');
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      return this.isRead(stats) ? undefined : this.take(stats, readFileSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
  }

  private isRead(stats: BigIntStats): boolean {
    return this.settled && stampOf(stats) === this.stamp;
  }

  private take(stats: BigIntStats, content: Buffer): Buffer | undefined {
    const digest = createHash('sha256').update(content).digest('base64');
    const changed = digest !== this.digest;
    this.digest = digest;
    this.stamp = stampOf(stats);
    this.settled = Date.now() - Number(stats.ctimeMs) > coarsestStep;
    this.writtenAt = Number(stats.mtimeNs) / 1e6;
    return changed ? content : undefined;
  }
}

/** Files that were read to set a configuration up. */
export class FilesRead {
  private readonly files = new Map<string, WatchedFile>();

  /** Reads a file, however often it was read before. Throws the system's error. */
  read(path: string): Buffer {
    const file = new WatchedFile(path);
    // What was never read is always a change.
    const content = file.readChangeSync() as Buffer;
    if (!this.files.has(path)) this.files.set(path, file);
    return content;
  }

  /** Whether one of them has changed since it was read or looked at last. One that cannot be read, in the middle of being replaced, say, has not. */
  lookForChange(): boolean {
    return [...this.files.values()].map(hasChanged).includes(true);
  }
}

function hasChanged(file: WatchedFile): boolean {
  try {
    return file.readChangeSync() !== undefined;
  } catch {
    return false;
  }
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
