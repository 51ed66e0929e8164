// Keeps a second server away from a journal for as long as the first one lives.
import { randomUUID } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from 'ferrydns/plugin';
import { JournalUnwritable } from './folder.ts';

/** Milliseconds that a server which is just ending is given to let go. */
const patience = 5000;
const pace = 50;
/** What SQLite says when somebody else holds a lock. */
const busy = 5;

/** Held until it is released or the process ends, in whatever way: the system keeps it, so none is ever left behind. */
export interface Lock {
  /** Why there is none although there should be; undefined: there is. */
  readonly doubt: string | undefined;
  release(): void;
}

/**
 * Locks a journal that is there. Rejects with JournalUnwritable when another process, or another server in this one, has it. Where the system
 * gives no locks, that is in doubt and does not keep a server from starting.
 */
export async function lockJournal(file: string): Promise<Lock> {
  const at = `${await realpath(file).catch(() => file)}.lock`;
  let lock = await tryLock(at);
  if (lock === undefined && !(await locksWork(at))) return unlocked(at, 'its file system has no locks');
  for (const deadline = performance.now() + patience; lock === undefined; lock = await tryLock(at)) {
    if (performance.now() >= deadline) throw new JournalUnwritable(file, `another server runs by it and holds ${at}`, false);
    await delay(pace);
  }
  return lock;
}

/** Undefined when another one has it. */
async function tryLock(at: string): Promise<Lock | undefined> {
  try {
    // A file of SQLite that is never written to: Node has no other way to ask the system for a lock that ends with the process and is seen from all containers.
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(at, { timeout: 0 });
    try {
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw error;
    }
    return { doubt: undefined, release: () => database.close() };
  } catch (error) {
    if ((error as { readonly errcode?: number }).errcode === busy) return undefined;
    return unlocked(at, messageOf(error));
  }
}

/** A file system without locks says the same as one on which somebody holds this one: nobody can hold one that nobody knows. */
async function locksWork(at: string): Promise<boolean> {
  const unknown = `${at}-${randomUUID()}`;
  try {
    const lock = await tryLock(unknown);
    lock?.release();
    return lock !== undefined;
  } finally {
    await rm(unknown, { force: true });
  }
}

function unlocked(at: string, reason: string): Lock {
  return { doubt: `${at} cannot be locked, a second server with this journal is noticed only when it writes: ${reason}`, release: () => {} };
}
