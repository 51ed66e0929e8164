// One micro bench, and how it is timed: CPU time per call, compiler and garbage collector included, median of rounds.
import { type Spread, spreadOf } from '../statistics.ts';

/** A hot function, made ready to be called in a loop. */
export interface MicroBench {
  /** What is called, and with what. */
  readonly name: string;
  prepare(): Subject | Promise<Subject>;
}

/** Calls the function `count` times, and may wait for what comes later. What it returns depends on every call, so that none can be left out. */
export type Subject = (count: number) => number | Promise<number>;

/** Nanoseconds per call. */
export type Figures = Readonly<Record<string, Spread>>;

const WARM_MICROSECONDS = 300_000;
const ROUND_MICROSECONDS = 40_000;
const MOST_CALLS = 1 << 26;

/** Times one bench. Calls the function for 0.3 s before the first round, so that it is compiled. */
export async function time(bench: MicroBench, rounds: number): Promise<Spread> {
  const subject = await bench.prepare();
  let count = 1;
  let took = 0;
  for (let warm = 0; warm < WARM_MICROSECONDS; warm += took) {
    took = await microseconds(subject, count);
    if (took < ROUND_MICROSECONDS && count < MOST_CALLS) count *= 2;
  }
  const perRound = Math.max(1, Math.round((count * ROUND_MICROSECONDS) / Math.max(took, 1)));
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) figures.push((1000 * (await microseconds(subject, perRound))) / perRound);
  return spreadOf(figures);
}

let sink = 0;

async function microseconds(subject: Subject, count: number): Promise<number> {
  const before = process.cpuUsage();
  sink += await subject(count);
  const { user, system } = process.cpuUsage(before);
  if (Number.isNaN(sink)) throw new Error('the bench did not return a number');
  return user + system;
}
