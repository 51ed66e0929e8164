// Which of many sets of networks an address lies in: made ready once, then found by one binary search, however many networks there are.
import type { Client } from './client.ts';
import { writeAddress } from './client-address.ts';
import type { Network } from './network.ts';

/** A value for the addresses in some networks; without networks, for all addresses. */
export interface Located<T> {
  readonly value: T;
  readonly networks: readonly Network[] | undefined;
}

/** Values by the networks that they are for. */
export class NetworkRanges<T> {
  private readonly anywhere: readonly T[];
  private readonly ofIpv4: Ranges<T>;
  private readonly ofIpv6: Ranges<T>;
  private readonly words = new Uint32Array(4);

  constructor(located: readonly Located<T>[]) {
    this.anywhere = located.flatMap(({ value, networks }) => (networks === undefined ? [value] : []));
    this.ofIpv4 = rangesOf(located, 1);
    this.ofIpv6 = rangesOf(located, 4);
  }

  /** The values for a client's address, in the order in which they were given. */
  find(client: Client): readonly T[] {
    const count = writeAddress(client, this.words);
    if (count === 0) return this.anywhere;
    return find(count === 1 ? this.ofIpv4 : this.ofIpv6, this.words, count);
  }
}

/** The addresses of one family, cut where a network begins or ends: in each range, all addresses have the same values. */
interface Ranges<T> {
  /** The first address of each range, `count` words each, the lowest first. */
  readonly starts: Uint32Array;
  readonly values: readonly (readonly T[])[];
}

function find<T>({ starts, values }: Ranges<T>, words: Uint32Array, count: number): readonly T[] {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (isBefore(words, starts, middle * count, count)) high = middle - 1;
    else low = middle;
  }
  return values[low] as readonly T[];
}

function isBefore(words: Uint32Array, starts: Uint32Array, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const difference = (words[i] as number) - (starts[at + i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Where a network of a value begins, or the first address behind it. */
interface Border {
  readonly address: bigint;
  readonly index: number;
  readonly step: 1 | -1;
}

function rangesOf<T>(located: readonly Located<T>[], count: 1 | 4): Ranges<T> {
  const borders = located.flatMap(({ networks = [] }, index) => networks.flatMap((network) => bordersOf(network, index, count)));
  borders.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  /** In how many networks of each value the current range lies. */
  const depths = located.map(({ networks }): number => (networks === undefined ? 1 : 0));
  const here = () => located.filter((_, index) => (depths[index] as number) > 0).map(({ value }) => value);
  const starts = [0n];
  const values: (readonly T[])[] = [];
  for (const { address, index, step } of borders) {
    if (address !== starts.at(-1)) {
      values.push(here());
      starts.push(address);
    }
    depths[index] = (depths[index] as number) + step;
  }
  values.push(here());
  return { starts: new Uint32Array(starts.flatMap((start) => wordsOf(start, count))), values };
}

function bordersOf({ bytes, length }: Network, index: number, count: 1 | 4): Border[] {
  const bits = 32 * count;
  if (bytes.length * 8 !== bits) return [];
  const first = bytes.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  const behind = first + (1n << BigInt(bits - length));
  const begins: Border = { address: first, index, step: 1 };
  // Behind the last address of the family there is none.
  return behind >> BigInt(bits) === 0n ? [begins, { address: behind, index, step: -1 }] : [begins];
}

function wordsOf(address: bigint, count: 1 | 4): number[] {
  return Array.from({ length: count }, (_, i) => Number((address >> BigInt(32 * (count - 1 - i))) & 0xffffffffn));
}
