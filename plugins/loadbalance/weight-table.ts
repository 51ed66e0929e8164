// The weights of addresses, from a text that names domains and, below each, its addresses with their weights.
import { isIP } from 'node:net';
import type { ResourceRecord } from 'ferrydns/plugin';
import { parseAddress, plainAddress } from './address.ts';

/** What an address weighs that the file does not name. */
const defaultWeight = 1;

export class WeightTable {
  private readonly domains: ReadonlyMap<string, ReadonlyMap<string, number>>;

  constructor(domains: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map()) {
    this.domains = domains;
  }

  weightOf({ name, rdata }: ResourceRecord): number {
    return this.domains.get(name.toLowerCase())?.get(keyOf(plainAddress(rdata))) ?? defaultWeight;
  }
}

/** Reads the text of a weight file; `path` is for messages. Throws an Error at the first line that is wrong. */
export function parseWeights(text: string, path: string): WeightTable {
  const domains = new Map<string, Map<string, number>>();
  let weights: Map<string, number> | undefined;
  const lines = text.split('\n').map((line) => line.trim());
  for (const line of lines.filter((each) => each !== '' && !each.startsWith('#'))) {
    const [first = '', weight, more] = line.split(/\s+/);
    if (more !== undefined) throw new Error(`could not parse weight line:"${line}" in weight file ${path}`);
    if (weight === undefined) {
      const domain = readDomain(first, path);
      weights = domains.get(domain) ?? new Map();
      domains.set(domain, weights);
    } else {
      const { key, value } = readWeight(first, weight, path);
      if (weights === undefined) throw new Error(`missing domain name in weight file ${path}`);
      // The first line of an address counts.
      if (!weights.has(key)) weights.set(key, value);
    }
  }
  return new WeightTable(domains);
}

function readDomain(word: string, path: string): string {
  if (isAddressText(word)) throw new Error(`wrong domain name:"${word}" in weight file ${path}. (Maybe a missing weight value?)`);
  return `${word.toLowerCase()}${word.endsWith('.') ? '' : '.'}`;
}

function readWeight(address: string, weight: string, path: string): { key: string; value: number } {
  if (!isAddressText(address)) throw new Error(`wrong IP address:"${address}" in weight file ${path}`);
  const value = /^\d+$/.test(weight) ? Number(weight) : 0;
  if (value < 1 || value > 255) throw new Error(`wrong weight value:"${weight}" in weight file ${path}, expected 1 to 255`);
  return { key: keyOf(parseAddress(address)), value };
}

function keyOf(address: Uint8Array): string {
  return Buffer.from(address).toString('latin1');
}

function isAddressText(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}
