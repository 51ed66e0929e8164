// IP addresses as text: many spellings are read, one is written.
import { isIPv6 } from 'node:net';

/** The one spelling of an IP address without a zone; IPv6 as in RFC 5952, with all its groups in hexadecimal. */
export function canonicalAddress(address: string): string {
  return address.includes(':') && isIPv6(address) ? ipv6Text(ipv6Groups(address)) : address;
}

/** The eight groups of an IPv6 address in any spelling of RFC 4291 section 2.2. */
export function ipv6Groups(text: string): number[] {
  const [before = '', after] = text.replace(/\d+\.\d+\.\d+\.\d+$/, dottedToGroups).split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (after === undefined) return parse(before);
  const tail = parse(after);
  const head = parse(before);
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** The text of eight groups (RFC 5952): the longest run of zeros is left out, of several the first. */
export function ipv6Text(groups: readonly number[]): string {
  const { start, end } = longestZeroRun(groups);
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return end - start > 1 ? `${hex(0, start)}::${hex(end, 8)}` : hex(0, 8);
}

function longestZeroRun(groups: readonly number[]): { start: number; end: number } {
  let longest = { start: 0, end: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > longest.end - longest.start) longest = { start, end };
  }
  return longest;
}

function dottedToGroups(dotted: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
