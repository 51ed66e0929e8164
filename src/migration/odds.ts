// When the last of many clients has left A, where each expiry of a TTL leads a client to B by chance.

/** Probability that the last of `clients` has left after this many whole TTLs. */
function lastHasLeft(clients: number, ttls: number, toB = 0.5): number {
  return (1 - (1 - toB) ** ttls) ** clients;
}

/** The first number of whole TTLs after which the last client has left with at least this probability; null: it never will. */
export function ttlsUntil(clients: number, probability: number, toB = 0.5): number | null {
  if (toB <= 0) return null;
  let ttls = 1;
  while (lastHasLeft(clients, ttls, toB) < probability) ttls++;
  return ttls;
}
