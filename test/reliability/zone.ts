// The zone behind the server in the tests of client messages and TCP exchanges, as the script of an upstream.
import type { Script } from '../support/upstream.ts';

const soa = 'test 60 SOA ns.test hostmaster.test 1 3600 600 86400 60';
const noData = { authority: [soa] };
const noName = { rcode: 'NXDOMAIN', authority: [soa] };

/** A TXT record set of `count` records with 200 octets each, every one different. */
const texts = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name} 60 TXT "${String(i).padStart(4, '0')}${'x'.repeat(196)}"`);

/** About 3 KB. */
export const bigTexts = texts('big.test', 14);
/** About 41 KB, which only TCP carries. */
const hugeTexts = texts('huge.test', 192);

const chain = Array.from({ length: 20 }, (_, i) => `chain${i}.test 60 CNAME chain${i + 1}.test`);

export const zone: Script = {
  'a.test A': ['a.test 60 A 192.0.2.1'],
  'a.test *': noData,
  'big.test TXT': bigTexts,
  'huge.test TXT': { answer: hugeTexts, truncate: true },
  'any.test ANY': ['any.test 60 A 192.0.2.1', 'any.test 60 A 192.0.2.2', 'any.test 60 TXT "any"', 'any.test 60 MX 10 mail.test'],
  'loop1.test A': ['loop1.test 60 CNAME loop2.test', 'loop2.test 60 CNAME loop1.test'],
  'chain0.test A': [...chain, 'chain20.test 60 A 192.0.2.1'],
  '\\000\\.\\032\\255.test A': ['\\000\\.\\032\\255.test 60 A 192.0.2.1'],
  'localhost A': noName,
  '1.0.0.10.in-addr.arpa PTR': noName,
  'x.invalid A': noName,
  '* *': noName,
};
