// What a fault is: one thing that breaks, what is measured while it is broken, and what ferrydns has to do then.
import type { Lab } from './lab.ts';

/** The figures of one server in one fault, by name. */
export type Figures = Readonly<Record<string, number>>;

/** A bound that a figure of ferrydns has to keep. The other servers are measured, not judged. */
export interface Expectation {
  readonly figure: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Programs that a fault needs besides dnsperf, unshare, ip and nft, which all need. */
export type Need = 'faketime' | 'memory group' | 'prlimit' | 'strace';

/** To add one, write its file in `cases/` and put it into the list of `cases/index.ts`. */
export interface Fault {
  readonly name: string;
  /** What breaks, in one line. */
  readonly title: string;
  /** Servers for which it makes sense, besides ferrydns. */
  readonly peers: readonly string[];
  readonly needs?: readonly Need[];
  readonly expectations: readonly Expectation[];
  /** Runs it on one server, once. Everything that the lab started is ended afterwards. */
  run(lab: Lab): Promise<Figures>;
}

/** A figure must not exceed `most`. */
export function atMost(figure: string, most: number): Expectation {
  return { figure, atMost: most };
}

/** A figure must not be less than `least`. */
export function atLeast(figure: string, least: number): Expectation {
  return { figure, atLeast: least };
}

/** A figure must be `value`. */
export function exactly(figure: string, value: number): Expectation {
  return { figure, atMost: value, atLeast: value };
}

/** Whether a figure keeps the bound; one that is missing does not. */
export function keeps(
  { figure, atMost: most = Number.POSITIVE_INFINITY, atLeast: least = Number.NEGATIVE_INFINITY }: Expectation,
  figures: Figures,
): boolean {
  const value = figures[figure] ?? Number.NaN;
  return value <= most && value >= least;
}
