// Ids of queries: 16 bits that nobody can guess (RFC 5452 section 9.2), drawn from the system a few thousand at a time.
import { randomFillSync } from 'node:crypto';

const ids = new Uint16Array(2048);
let left = 0;

/** A fresh random id. */
export function randomId(): number {
  if (left === 0) {
    randomFillSync(ids);
    left = ids.length;
  }
  left--;
  const id = ids[left] as number;
  // What was used is not left behind in memory.
  ids[left] = 0;
  return id;
}
