// How soon a server turns away from an upstream that says nothing, and back to it when it is well again.
import type { Upstream } from '../bench/start.ts';
import { after, type Lab } from './lab.ts';

/** Seconds. NaN where the server did not ask the upstream much when all was well, or did not do so in time. */
export interface Turns {
  readonly out: number;
  readonly back: number;
}

/** From this share of what it was asked when all was well an upstream counts as out, or as back. */
const OUT = 0.1;
const BACK = 0.5;
const STEP = 250;
const ENOUGH_PER_STEP = 20;

/** Silences an upstream for two fifths of `seconds`, in the middle, while it is watched how much it is asked. */
export async function watchShare(lab: Lab, { port, queries }: Upstream, seconds: number): Promise<Turns> {
  const third = seconds * 300;
  const before = await rates(third, queries);
  const usual = before.reduce((sum, rate) => sum + rate, 0) / before.length;
  lab.network.silence(port);
  const silent = await rates(seconds * 400, async () => lab.network.swallowed(port));
  lab.network.mend();
  const mended = await rates(third - 1000, queries);
  if (usual < ENOUGH_PER_STEP) return { out: Number.NaN, back: Number.NaN };
  const last = silent.findLastIndex((rate) => rate > usual * OUT);
  const first = mended.findIndex((rate) => rate > usual * BACK);
  return { out: ((last + 1) * STEP) / 1000, back: first < 0 ? Number.NaN : ((first + 1) * STEP) / 1000 };
}

/** How much a count has grown in each step. */
async function rates(milliseconds: number, count: () => Promise<number>): Promise<readonly number[]> {
  const found: number[] = [];
  const begun = performance.now();
  let before = await count();
  for (let step = 1; step * STEP <= milliseconds; step += 1) {
    await after(Math.max(0, begun + step * STEP - performance.now()));
    const now = await count();
    found.push(now - before);
    before = now;
  }
  return found;
}
