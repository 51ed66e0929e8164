// What probability theory says of clients that are led by chance, to compare simulations with.

/** Expected share of clients still on A after this many TTLs, when every expiry leads a client to B with probability `toB` for good. */
export function shareOnA(ttls: number, { toB = 0.5, inStep = false }: { readonly toB?: number; readonly inStep?: boolean } = {}): number {
  const whole = Math.floor(ttls);
  const stay = 1 - toB;
  return stay ** whole * (inStep ? 1 : 1 - (ttls - whole) * toB);
}

/** Probability that an application which draws old or new at random, n times, has met both. */
export function hasMetBoth(draws: number): number {
  return draws < 1 ? 0 : 1 - 2 ** (1 - draws);
}

/** Probability that the last of `clients` has left after this many whole TTLs. */
export function lastHasLeft(clients: number, ttls: number): number {
  return (1 - 0.5 ** ttls) ** clients;
}
