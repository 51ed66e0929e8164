// Numbers as by chance, and the same ones in every run.
import { randomFrom } from '../../src/migration/simulator/population.ts';

/** A whole number from 0 to below the one given. */
export type Chance = (below: number) => number;

/** The numbers of a seed. */
export function chance(seed: number): Chance {
  const random = randomFrom(seed);
  return (below) => Math.floor(random() * below);
}

/** One of several. */
export function pick<T>(from: readonly T[], random: Chance): T {
  const picked = from[random(from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}
