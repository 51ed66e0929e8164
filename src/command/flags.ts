// What all commands read alike: flags with one dash or two, whole numbers, shares, files.

import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { messageOf, nearest } from '../config/error.ts';

/** Reads flags, written with one dash or two, and the words beside them. Throws with `usage` when one is not known. */
export function readFlags<const O extends ParseArgsOptionsConfig>(words: readonly string[], options: O, usage: string) {
  const args = words.map((word) => (/^-[a-z]./i.test(word) ? `-${word}` : word));
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new Error(`${wordsOf(error as NodeJS.ErrnoException, Object.keys(options))}\n${usage}`);
  }
}

/** What is wrong with the flags, by the names under which they were given. */
function wordsOf({ code, message }: NodeJS.ErrnoException, known: readonly string[]): string {
  const flag = /'(?:-\w, )?--?([\w.-]+)/.exec(message)?.[1];
  if (flag !== undefined && code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return unknownFlag(flag, known);
  if (flag !== undefined && /argument missing/.test(message)) return `flag -${flag} has no value, expected one behind it`;
  if (flag !== undefined && /does not take an argument/.test(message)) return `flag -${flag} has a value, expected none`;
  if (flag !== undefined && /ambiguous/.test(message))
    return `flag -${flag} has no value, expected one behind it, or -${flag}=-… for one that begins with a dash`;
  return message;
}

function unknownFlag(flag: string, known: readonly string[]): string {
  const meant = nearest(flag, known);
  return `unknown flag -${flag}${meant === undefined ? '' : `, did you mean -${meant}?`}`;
}

/** Who is at the keyboard, where the command does not say. */
export function userName(): string {
  const named = process.env['USER'] ?? '';
  if (named !== '') return named;
  try {
    return userInfo().username;
  } catch {
    // A user without an entry, as in a container.
    return `user ${process.getuid?.() ?? ''}`.trim();
  }
}

/** The text of a file. Throws with the file's name when it cannot be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: ${messageOf(error)}`);
  }
}

export function whole(flag: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`invalid value "${text}" for flag -${flag}, expected a whole number`);
  return Number(text);
}

/** A share in percent, with or without its sign. */
export function share(flag: string, text: string): number {
  const number = Number(text.replace(/%$/, ''));
  if (!/^\d{1,3}(\.\d+)?%?$/.test(text) || number > 100) throw new Error(`invalid value "${text}" for flag -${flag}, expected 0% to 100%`);
  return number;
}
