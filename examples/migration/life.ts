// Lets a crowd of clients live through the stages of a story and looks at it four times per TTL.
import { type Crowd, emptyTally, type Tally } from './client.ts';
import { type Course, deviation, expectedShare, type Phases } from './theory.ts';

export interface Stage {
  readonly name: string;
  readonly course: Course;
  /** TTLs. */
  readonly length: number;
  /** What an operator, or fate, does at its beginning. */
  readonly begin: () => Promise<unknown>;
  /** Asked after each TTL from its length on: whether the stage is over. Unless given, it is. */
  readonly over?: () => Promise<boolean>;
}

/** A look at all clients. */
export interface Look {
  readonly stage: string;
  /** TTLs since the story began. */
  readonly time: number;
  /** TTLs since the stage began. */
  readonly inStage: number;
  /** Shares of the clients that use DNS A. */
  readonly measured: number;
  readonly expected: number;
  /** One standard deviation of the share. */
  readonly sigma: number;
}

/** What the clients were told during a stage. */
export interface StageResult {
  readonly name: string;
  readonly course: Course;
  readonly start: number;
  readonly length: number;
  readonly tally: Tally;
}

/** What came of a story. */
export interface StoryResult {
  /** Seconds, as the first answer said. */
  readonly ttl: number;
  readonly looks: readonly Look[];
  readonly stages: readonly StageResult[];
  /** What the service that is left answers at the end. */
  readonly end: readonly string[];
}

export interface LifeOptions {
  readonly crowd: Crowd;
  /** The address whose share of the clients is looked at. */
  readonly service: string;
  /** Milliseconds that a TTL takes. */
  readonly ttl: number;
  readonly phases: Phases;
  /** Called with each look at the clients. */
  readonly report?: ((look: Look) => Promise<void> | void) | undefined;
}

/** Looks at the clients for each TTL. */
export const looksPerTtl = 4;

/** TTLs. */
const longestStage = 120;

/** One stage after the other. Rejects when one of them does not end. */
export async function live(stages: readonly Stage[], options: LifeOptions): Promise<{ readonly looks: Look[]; readonly stages: StageResult[] }> {
  const { crowd, phases } = options;
  const looks: Look[] = [];
  const results: StageResult[] = [];
  let start = 0;
  let before = 1;
  for (const stage of stages) {
    await stage.begin();
    crowd.tally = emptyTally();
    let length = 0;
    while (length < stage.length || (await stage.over?.()) === false) {
      if (length >= longestStage) throw new Error(`${stage.name} did not end in ${length} TTLs`);
      looks.push(...(await liveOneTtl(stage, { start, length, before }, options)));
      length++;
    }
    results.push({ name: stage.name, course: stage.course, start, length, tally: crowd.tally });
    before = expectedShare(stage.course, before, length, phases);
    start += length;
  }
  return { looks, stages: results };
}

interface Place {
  /** When the stage began, and how much of it has been lived, in TTLs. */
  readonly start: number;
  readonly length: number;
  /** The share when it began. */
  readonly before: number;
}

async function liveOneTtl({ name, course }: Stage, { start, length, before }: Place, options: LifeOptions): Promise<Look[]> {
  const { crowd, service, ttl, phases } = options;
  const looks: Look[] = [];
  for (let step = 1; step <= looksPerTtl; step++) {
    const inStage = length + step / looksPerTtl;
    await crowd.runUntil((start + inStage) * ttl);
    const expected = expectedShare(course, before, inStage, phases);
    const sigma = deviation(expected, crowd.clients.length);
    const look = { stage: name, time: start + inStage, inStage, measured: crowd.share(service), expected, sigma };
    looks.push(look);
    await options.report?.(look);
  }
  return looks;
}
