// The entries of one hosts file, by name and by address.
import { isIP } from 'node:net';
import { type Name, parentOf, record } from 'ferrydns/plugin';

/** An address. A file may have a million: each holds as little as can be. */
export interface Address {
  readonly family: 4 | 6;
  /** As records take it. */
  readonly text: string;
  /** The name that a PTR query for it asks for (RFC 1035 section 3.5, RFC 3596 section 2.5). */
  readonly reverseName: string;
}

/** Most names have one address, and most addresses one name: those take no array. */
type OneOrMore<T> = T | T[];

const none: readonly never[] = [];

/** Filled once by the parser, then only read. */
export class HostsTable {
  /** Entries of all kinds, those for addresses included. */
  size = 0;
  private readonly exact = new Map<string, OneOrMore<Address>>();
  private readonly wildcards = new Map<string, OneOrMore<Address>>();
  private readonly reverse = new Map<string, OneOrMore<Name>>();

  /** Adds an entry; `reverse` says whether the address answers with the name, which a wildcard never does. */
  add(name: Name, address: Address, reverse: boolean): void {
    const wildcard = name.startsWith('*.');
    append(wildcard ? this.wildcards : this.exact, name, address);
    this.size++;
    if (wildcard || !reverse) return;
    append(this.reverse, address.reverseName, name);
    this.size++;
  }

  /** The addresses of a name in one family: its own, else those of the wildcard in place of its first label. */
  addresses(name: string, family: 4 | 6): readonly Address[] {
    const own = ofFamily(all(this.exact.get(name)), family);
    if (own.length > 0 || this.wildcards.size === 0) return own;
    const parent = parentOf(name);
    return parent === undefined || parent === '.' ? none : ofFamily(all(this.wildcards.get(`*.${parent}`)), family);
  }

  /** The names of the address that a reverse name stands for. */
  names(reverseName: string): readonly Name[] {
    return all(this.reverse.get(unmapped(reverseName)));
  }
}

/** Reads an address; a zone id is dropped, an IPv4 address in IPv6 notation is IPv4. Undefined when the text is none. */
export function readAddress(text: string): Address | undefined {
  const percent = text.indexOf('%');
  const bare = percent === -1 ? text : text.slice(0, percent);
  const version = isIP(bare);
  if (version === 0) return undefined;
  if (version === 4) return ipv4(bare.split('.'));
  const { rdata } = record({ name: '.', type: 'AAAA', data: bare });
  // ::ffff:0:0/96 (RFC 4291 section 2.5.5.2)
  const mapped = rdata.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 0xff));
  if (mapped) return ipv4([...rdata.subarray(12)]);
  const nibbles = [...Buffer.from(rdata).toString('hex')].reverse();
  return { family: 6, text: bare, reverseName: `${nibbles.join('.')}.ip6.arpa.` };
}

/** How the reverse names of ::ffff:0:0/96 end, and what stands before it. */
const mappedSuffix = `.f.f.f.f.${'0.'.repeat(20)}ip6.arpa.`;
const mappedNibbles = /^[\da-f](?:\.[\da-f]){7}$/;

/** The reverse name of an IPv4 address for that of the same address in IPv6 notation, which {@link readAddress} takes for one too; any other as it is. */
function unmapped(reverseName: string): string {
  if (!reverseName.endsWith(mappedSuffix)) return reverseName;
  const nibbles = reverseName.slice(0, -mappedSuffix.length);
  if (!mappedNibbles.test(nibbles)) return reverseName;
  const octets = Buffer.from(nibbles.split('.').reverse().join(''), 'hex');
  return `${[...octets].reverse().join('.')}.in-addr.arpa.`;
}

function ipv4([a, b, c, d]: readonly (string | number)[]): Address {
  return { family: 4, text: `${a}.${b}.${c}.${d}`, reverseName: `${d}.${c}.${b}.${a}.in-addr.arpa.` };
}

function all<T extends Address | Name>(found: OneOrMore<T> | undefined): readonly T[] {
  if (found === undefined) return none;
  return Array.isArray(found) ? found : [found];
}

function ofFamily(addresses: readonly Address[], family: 4 | 6): readonly Address[] {
  return addresses.every((address) => address.family === family) ? addresses : addresses.filter((address) => address.family === family);
}

function append<T extends Address | Name>(map: Map<string, OneOrMore<T>>, key: string, value: T): void {
  const before = map.get(key);
  if (before === undefined) map.set(key, value);
  else if (Array.isArray(before)) before.push(value);
  else map.set(key, [before, value]);
}
