// The folder of a journal: made level by level, or only looked at, and in words what keeps a journal from being written.
import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from 'ferrydns/plugin';

/** A journal that cannot be written where it is to be. */
export class JournalUnwritable extends Error {
  /** Whether another user might: the folder and the file are as they must be. */
  readonly denied: boolean;

  constructor(file: string, reason: string, denied: boolean) {
    super(`journal ${file} cannot be written: ${reason}`);
    this.denied = denied;
  }
}

/** Makes a folder with those above it and gives the first one that was there before. Rejects with JournalUnwritable. */
export async function makeFolder(folder: string, file: string): Promise<string> {
  const missing = await missingFolders(folder, file);
  // Node's own recursive mkdir does not come back from a file system that takes no folders.
  for (const each of missing) {
    await mkdir(each).catch((error: unknown) => {
      // Another process may have made it in the meantime.
      if (codeOf(error) !== 'EEXIST') throw refusal(file, dirname(each), error);
    });
  }
  return dirname(missing[0] ?? `${folder}/x`);
}

/** Finds out whether a journal could be written, and leaves everything as it is. Rejects with JournalUnwritable. */
export async function probeJournal(file: string): Promise<void> {
  const folder = dirname(file);
  const missing = await missingFolders(folder, file);
  const above = missing[0] === undefined ? folder : dirname(missing[0]);
  const found = missing.length > 0 ? undefined : await stat(file).catch(() => undefined);
  if (found?.isDirectory() === true) throw refusal(file, file, { code: 'EISDIR' });
  const [at, mode] = found === undefined ? [above, constants.W_OK | constants.X_OK] : [file, constants.R_OK | constants.W_OK];
  await access(at, mode).catch((error: unknown) => {
    throw refusal(file, at, error);
  });
}

/** What the system says to a journal, in words; `at` is what it says so of. */
export function refusal(file: string, at: string, error: unknown): JournalUnwritable {
  const code = codeOf(error) ?? '';
  const reasons: Readonly<Record<string, string>> = {
    ENOTDIR: `${at} is no directory`,
    EEXIST: `${at} is no directory`,
    EACCES: `no permission to write to ${at}`,
    EPERM: `no permission to write to ${at}`,
    ENOENT: `nothing can be made in ${at}`,
    EROFS: `${at} is on a file system that can only be read`,
    ENOSPC: 'no space left on the disk',
    EISDIR: 'it is a directory',
  };
  const reason = reasons[code] ?? messageOf(error);
  return new JournalUnwritable(file, reason, /^(EACCES|EPERM|EROFS)$/.test(code));
}

/** Those above a folder that are not there, and itself, the highest first. */
async function missingFolders(folder: string, file: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = folder; !(await isThere(at, file)); at = dirname(at)) {
    if (at === dirname(at)) break;
    missing.unshift(at);
  }
  return missing;
}

async function isThere(folder: string, file: string): Promise<boolean> {
  const found = await stat(folder).catch((error: unknown) => {
    // Below a file the system says ENOTDIR: what is no directory stands further up.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    // It is the folder above that lets nobody in.
    throw refusal(file, dirname(folder), error);
  });
  if (found?.isDirectory() === false) throw refusal(file, folder, { code: 'ENOTDIR' });
  return found !== undefined;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
