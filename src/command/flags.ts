// What the subcommands read alike: flags with one dash or two, whole numbers, shares.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** Reads flags, written with one dash or two, and the words beside them. Throws with `usage` when one is not known. */
export function readFlags<const O extends ParseArgsOptionsConfig>(words: readonly string[], options: O, usage: string) {
  const args = words.map((word) => (/^-[a-z]{2}/.test(word) ? `-${word}` : word));
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${usage}`);
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
