// A file that lines are written to without anybody waiting for it: what comes faster than it takes, or while it takes nothing, is lost and counted.
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { type Logger, type Metrics, messageOf } from 'ferrydns/plugin';

/** When a file is moved aside. */
export interface Rotation {
  /** Octets; 0: never. */
  readonly size: number;
  /** Old files that are kept. */
  readonly kept: number;
}

/** What a file needs of its surroundings. */
export interface FileContext {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Is told of so many lines that are lost. */
  readonly lost: (lines: number) => void;
}

interface Piece {
  readonly octets: Buffer;
  readonly lines: number;
}

/** Octets that wait to be written at most. */
const mostPending = 4 * 1024 * 1024;
/** What is nobody's but the owner's and the group's: it says who asked for what. A pipe that nobody reads must not be waited for. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const mode = 0o640;

/** The files that are open, by their path: those who write to the same one share it, and a reload goes on with it. */
const shared = new WeakMap<Metrics, Map<string, LineFile>>();

export class LineFile {
  rotation: Rotation = { size: 0, kept: 0 };
  private readonly path: string;
  private readonly context: FileContext;
  private users = 0;
  private pending: Piece[] = [];
  private pendingOctets = 0;
  /** Octets of the first piece that are written. */
  private written = 0;
  private handle: FileHandle | undefined;
  private size = 0;
  private writing: Promise<void> | undefined;
  private failing = false;

  private constructor(path: string, context: FileContext) {
    this.path = path;
    this.context = context;
  }

  /** The file at a path, which has one user more. Rejects with the system's error when it cannot be opened. */
  static async use(path: string, context: FileContext): Promise<LineFile> {
    const files = shared.get(context.metrics) ?? new Map<string, LineFile>();
    shared.set(context.metrics, files);
    const file = files.get(path) ?? new LineFile(path, context);
    if (file.users === 0) await file.follow();
    files.set(path, file);
    file.users++;
    return file;
  }

  /** There is one user less; the last one waits until all is written, or cannot be. */
  async leave(): Promise<void> {
    this.users--;
    if (this.users > 0) return;
    shared.get(this.context.metrics)?.delete(this.path);
    await this.writing;
    if (this.pending.length > 0) await this.write();
    this.lose();
    await this.handle?.close();
    this.handle = undefined;
  }

  /** Takes lines, each with its end. */
  add(text: string, lines: number): void {
    const octets = Buffer.from(text);
    if (this.pendingOctets + octets.length > mostPending) {
      this.context.lost(lines);
      return;
    }
    this.pending.push({ octets, lines });
    this.pendingOctets += octets.length;
    if (!this.failing) this.begin();
  }

  /** Tries again what has failed. */
  retry(): void {
    if (this.failing) this.begin();
  }

  private begin(): void {
    this.writing ??= this.write().finally(() => {
      this.writing = undefined;
      if (this.pending.length > 0 && !this.failing) this.begin();
    });
  }

  /** Writes what waits. Never rejects. */
  private async write(): Promise<void> {
    try {
      await this.follow();
      for (let [piece] = this.pending; piece !== undefined; [piece] = this.pending) await this.writePiece(piece);
      if (this.failing) this.context.log.info(`${this.path} is written to again`);
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.context.log.error(`${this.path} cannot be written to, events are kept as far as ${mostPending} octets go: ${messageOf(error)}`);
      this.failing = true;
      await this.handle?.close().catch(() => undefined);
      this.handle = undefined;
    }
  }

  private async writePiece({ octets }: Piece): Promise<void> {
    const { size } = this.rotation;
    if (size > 0 && this.written === 0 && this.size > 0 && this.size + octets.length > size) await this.rotate();
    while (this.written < octets.length) {
      const { bytesWritten } = (await this.handle?.write(octets, this.written)) ?? { bytesWritten: 0 };
      if (bytesWritten === 0) throw new Error('nothing is taken');
      this.written += bytesWritten;
      this.size += bytesWritten;
    }
    this.written = 0;
    this.pending.shift();
    this.pendingOctets -= octets.length;
  }

  /** Opens what is at the path now: somebody else may have moved the file aside. */
  private async follow(): Promise<void> {
    const found = await stat(this.path).catch(() => undefined);
    const ours = await this.handle?.stat();
    if (ours !== undefined && found?.ino === ours.ino && found.dev === ours.dev) {
      this.size = found.isFile() ? found.size : 0;
      return;
    }
    await this.handle?.close();
    this.handle = undefined;
    this.handle = await open(this.path, flags, mode);
    this.size = found?.isFile() === true ? found.size : 0;
  }

  private async rotate(): Promise<void> {
    const { path } = this;
    const { kept } = this.rotation;
    for (let number = kept; number > 1; number--) await rename(`${path}.${number - 1}`, `${path}.${number}`).catch(onlyMissing);
    if (kept > 0) await rename(path, `${path}.1`).catch(onlyMissing);
    else await rm(path, { force: true });
    await this.follow();
  }

  private lose(): void {
    for (const { lines } of this.pending) this.context.lost(lines);
    this.pending = [];
    this.pendingOctets = 0;
  }
}

function onlyMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
