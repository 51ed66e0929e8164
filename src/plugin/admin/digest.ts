// Secrets are kept and compared by their hash: all have one length, and a comparison takes as long for a wrong one as for the right one.
import { createHash, timingSafeEqual } from 'node:crypto';

export function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Whether both are of the same secret. */
export function sameDigest(one: Buffer, other: Buffer | undefined): boolean {
  return other !== undefined && timingSafeEqual(one, other);
}
