// The end of a configuration: what is in hand is answered, then its sockets close, then its instances stop.
import type { Front } from './front.ts';
import type { Generation } from './generation.ts';

/** Milliseconds that queries in hand get when a configuration is replaced or the server stops. */
export const drainTime = 5000;

/** Ends a configuration. Answers to what is in hand still leave through its sockets, so these close last. `shut` says that they take no query any more. */
export async function retire(generation: Generation, { fronts, shut }: { readonly fronts: readonly Front[]; readonly shut: boolean }): Promise<void> {
  const deadline = AbortSignal.timeout(drainTime);
  const expired = new Promise<void>((resolve) => deadline.addEventListener('abort', () => resolve()));
  for (const front of shut ? fronts : []) front.shut();
  await Promise.race([generation.inHand.empty(), expired]);
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.race([Promise.all(fronts.map((front) => front.retire())), expired]);
  await generation.stop(deadline);
}
