// Bytes of strangers: anything at all, or something sound with faults, which gets further.
import fc from 'fast-check';
import type { Chance } from '../support/chance.ts';

/** Octets changed, taken out or put in, or the end cut off. */
const fault = fc.record({ at: fc.nat(600), octets: fc.uint8Array({ maxLength: 4 }), removed: fc.nat(6), cut: fc.integer({ min: 0, max: 40 }) });

/** Any bytes, or one of `sound` with up to five faults. */
export function withFaults(sound: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.constantFrom(...sound), fc.array(fault, { maxLength: 5 })).map(([bytes, faults]) => faults.reduce(withFault, bytes)),
  );
}

function withFault(bytes: Buffer, { at, octets, removed, cut }: { at: number; octets: Uint8Array; removed: number; cut: number }): Buffer {
  if (cut === 0) return bytes.subarray(0, at % (bytes.length + 1));
  const from = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, from), octets, bytes.subarray(Math.min(bytes.length, from + removed))]);
}

/** A copy with up to four faults: an octet changed, octets taken out or put in, the end cut off, or a pointer in the middle. The first `kept` octets stay. */
export function damaged(message: Buffer, random: Chance, kept = 2): Buffer {
  let bytes = Buffer.from(message);
  for (let faults = random(5); faults > 0 && bytes.length > kept; faults--) {
    const at = kept + random(bytes.length - kept);
    const kind = random(6);
    if (kind <= 1) bytes.writeUInt8(random(256), at);
    else if (kind === 2) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random(8)), at);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([0xc0, random(bytes.length)]), bytes.subarray(at)]);
    else bytes = bytes.subarray(0, at);
  }
  return Buffer.from(bytes);
}
