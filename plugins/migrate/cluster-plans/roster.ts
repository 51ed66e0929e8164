// The plans of ConfigMaps that are in force, in a file: so they are known after a restart without the API server, and to every process of a server.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from 'ferrydns/plugin';
import { makeFolder, refusal } from '../journal/folder.ts';
import { idOf, type PlanText } from './plan-text.ts';

export interface Roster {
  /** Whether the API server has told which plans there are: before that nobody knows which names are moved. */
  readonly heard: boolean;
  readonly plans: readonly PlanText[];
}

const none: Roster = { heard: false, plans: [] };

/** What was in force last; nothing where there is no such file. Throws an Error when it is damaged. */
export function readRoster(file: string): Roster {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return none;
    throw error;
  }
  try {
    const { heard, plans } = JSON.parse(text) as Roster;
    for (const plan of plans) if (typeof plan.text !== 'string') throw new Error(`${idOf(plan)} has no text`);
    return { heard, plans };
  } catch (error) {
    throw new Error(`${file} is damaged: ${messageOf(error)}; remove it, and the plans are read from the cluster again`);
  }
}

/** Makes the folder, and writes the file as it is: so it is known that it can be. Rejects with JournalUnwritable. */
export async function makeRoom(file: string): Promise<void> {
  await makeFolder(dirname(file), file);
  const roster = readRoster(file);
  try {
    writeRoster(file, roster);
  } catch (error) {
    throw refusal(file, dirname(file), error);
  }
}

/** Durable when it returns (R1: what is answered by a plan is answered by it after a crash as well). */
export function writeRoster(file: string, roster: Roster): void {
  const beside = `${file}.new`;
  const open = openSync(beside, 'w', 0o600);
  try {
    writeSync(open, JSON.stringify(roster));
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
  renameSync(beside, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
