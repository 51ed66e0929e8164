// Reads one member of a pool: "192.0.2.1 weight 3", "db1.example.org 192.0.2.1 backup", "mail.example.org mx 10", "service/shop/db".
import { isIP } from 'node:net';
import { isServiceReference, readServiceReference, type ServiceReference, serviceText } from 'ferrydns/built-in';
import { canonicalAddress, messageOf, type Name, parseName, type Word } from 'ferrydns/plugin';

/** A member as it is configured. */
export interface MemberSpec {
  /** What metrics, logs and metadata call it. */
  readonly label: string;
  /** The name it was given by; undefined where that was an address or a service. */
  readonly name: Name | undefined;
  /** The service of a cluster that it is. */
  readonly service: ServiceReference | undefined;
  /** In their usual text form. */
  readonly addresses: readonly string[];
  /** Whether its addresses are those that its name or service has now. */
  readonly lookedUp: boolean;
  readonly kind: 'address' | 'srv' | 'mx';
  /** Priority of an SRV record, preference of an MX record. */
  readonly priority: number;
  /** Of an SRV record. */
  readonly port: number;
  readonly weight: number;
  readonly backup: boolean;
  readonly word: Word;
}

type Fail = (message: string, at?: Word) => never;

const largest = 65_535;

export function readMember(words: readonly Word[], fail: Fail): MemberSpec {
  const [word, ...rest] = words;
  if (word === undefined) return fail('no address or name');
  const reader = new MemberReader(rest, fail);
  if (isServiceReference(word.text)) return readService(word, reader, fail);
  const given = isIP(word.text) === 0 || word.text.includes('%') ? undefined : canonicalAddress(word.text);
  const name = given === undefined ? readName(word, fail) : undefined;
  const { addresses, record: kind, priority, port, weight, backup } = reader.read();
  if (kind !== 'address' && name === undefined) fail(`${kind} needs the name of a host, found the address '${word.text}'`, word);
  const all = given === undefined ? addresses : [given, ...addresses];
  const twice = all.find((address, i) => all.indexOf(address) !== i);
  if (twice !== undefined) fail(`address ${twice} is there twice`, word);
  const host = name ?? given ?? '';
  const label = kind === 'srv' ? `${host}:${port}` : host;
  return { label, name, service: undefined, addresses: all, lookedUp: all.length === 0, kind, priority, port, weight, backup, word };
}

/** The cluster knows the addresses, and clients know no name of a service as a host. */
function readService(word: Word, reader: MemberReader, fail: Fail): MemberSpec {
  const { addresses, record: kind, priority, port, weight, backup } = reader.read();
  if (addresses.length > 0) fail(`the address ${addresses[0]} beside a service, expected the service alone: its addresses are known`, word);
  if (kind !== 'address') fail(`${kind} needs the name of a host, found the service '${word.text}'`, word);
  try {
    const service = readServiceReference(word.text);
    return { label: serviceText(service), name: undefined, service, addresses, lookedUp: true, kind, priority, port, weight, backup, word };
  } catch (error) {
    return fail(messageOf(error), word);
  }
}

/** What stands behind the first word. */
class MemberReader {
  private readonly words: readonly Word[];
  private readonly fail: Fail;
  private at = 0;
  private readonly given = new Set<string>();
  private readonly found: { addresses: string[]; record: MemberSpec['kind']; priority: number; port: number; weight: number; backup: boolean } = {
    addresses: [],
    record: 'address',
    priority: 0,
    port: 0,
    weight: 1,
    backup: false,
  };

  constructor(words: readonly Word[], fail: Fail) {
    this.words = words;
    this.fail = fail;
  }

  read() {
    const { found } = this;
    for (let word = this.words[this.at++]; word !== undefined; word = this.words[this.at++]) {
      if (isIP(word.text) !== 0 && !word.text.includes('%')) found.addresses.push(canonicalAddress(word.text));
      else if (word.text === 'backup') found.backup = this.isFirst(word);
      else if (word.text === 'weight' && this.isFirst(word)) found.weight = this.number('weight', 0);
      else if (word.text === 'srv' || word.text === 'mx') this.readRecord(word);
      else this.fail(`unexpected '${word.text}', expected an address, srv, mx, weight or backup`, word);
    }
    return found;
  }

  private isFirst(word: Word): true {
    if (this.given.has(word.text)) this.fail(`'${word.text}' is there twice, expected it once`, word);
    this.given.add(word.text);
    return true;
  }

  private readRecord(word: Word): void {
    const { found } = this;
    if (found.record !== 'address') this.fail(`'${word.text}' after '${found.record}', expected one of them`, word);
    if (word.text === 'mx') {
      found.record = 'mx';
      found.priority = this.number('preference', 0);
    } else {
      found.record = 'srv';
      found.priority = this.number('priority', 0);
      found.port = this.number('port', 1);
    }
  }

  private number(what: string, min: number): number {
    const word = this.words[this.at++];
    const expected = `expected a whole number from ${min} to ${largest}`;
    if (word === undefined) return this.fail(`no ${what}, ${expected}`, this.words.at(-1));
    const number = /^\d{1,5}$/.test(word.text) ? Number(word.text) : -1;
    return number >= min && number <= largest ? number : this.fail(`bad ${what} '${word.text}', ${expected}`, word);
  }
}

function readName(word: Word, fail: Fail): Name {
  const { text } = word;
  try {
    // An address with a mistake in it would be a name whose last label is a number, which no host has (RFC 3696 section 2).
    if (/^[\w.-]+$/.test(text) && !/(?:^|\.)\d+\.?$/.test(text)) return parseName(text);
  } catch {
    // Said below, as for every other word.
  }
  return fail(`'${text}' is neither an IP address nor a name, expected letters, digits, '-', '_' and '.', and no number as the last label`, word);
}
