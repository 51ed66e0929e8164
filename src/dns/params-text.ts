// The parameters of SVCB and HTTPS records in text form (RFC 9460 section 2.1 and appendix A).
import { isIPv4, isIPv6 } from 'node:net';
import { ipv6Groups } from './address.ts';
import { params } from './data-kinds.ts';
import { octetsOf, type TextWord } from './text-words.ts';

/** The names of parameters by their numbers (RFC 9460 section 14.3.2). */
const names = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp'] as const;

type Name = (typeof names)[number];

/** The parameters as they stand in RDATA. A value in quotes is a word of its own behind its "KEY=". Throws an Error that says what is wrong. */
export function readParams(words: readonly TextWord[]): Uint8Array {
  const found: Record<number, Uint8Array> = {};
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as TextWord;
    const split = word.text.indexOf('=');
    const name = (split === -1 ? word.text : word.text.slice(0, split)).toLowerCase();
    const isQuotedApart = split === word.text.length - 1 && words[at + 1]?.quoted === true;
    const value = isQuotedApart ? (words[++at] as TextWord).text : split === -1 ? '' : word.text.slice(split + 1);
    const key = keyOf(name);
    if (found[key] !== undefined) throw new Error(`found the parameter ${name} twice`);
    const known = names[key];
    found[key] = known === undefined ? octetsOf(value) : readers[known](value);
  }
  return params.write(found as never);
}

function keyOf(name: string): number {
  const at = names.indexOf(name as Name);
  if (at !== -1) return at;
  const number = /^key(0|[1-9]\d{0,4})$/.exec(name)?.[1];
  if (number === undefined || Number(number) >= 0xffff)
    throw new Error(`found the parameter "${name}", expected one of ${names.join(', ')}, or key65000`);
  return Number(number);
}

const readers: Readonly<Record<Name, (value: string) => Uint8Array>> = {
  mandatory: (value) =>
    Buffer.concat(
      value
        .split(',')
        .map(keyOf)
        .sort((a, b) => a - b)
        .map(uint16),
    ),
  alpn: (value) =>
    Buffer.concat(
      value.split(',').map((each) => {
        const id = octetsOf(each);
        if (id.length === 0 || id.length > 255) throw new Error(`found "${each}", expected a protocol such as h2`);
        return Buffer.concat([Buffer.of(id.length), id]);
      }),
    ),
  'no-default-alpn': nothing,
  port(value) {
    if (!/^\d{1,5}$/.test(value) || Number(value) > 0xffff) throw new Error(`found "${value}", expected a port`);
    return uint16(Number(value));
  },
  ipv4hint: (value) => Buffer.concat(value.split(',').map(ipv4)),
  ech: (value) => Buffer.from(value, 'base64'),
  ipv6hint: (value) => Buffer.concat(value.split(',').map(ipv6)),
  dohpath: octetsOf,
  ohttp: nothing,
};

function nothing(value: string): Uint8Array {
  if (value !== '') throw new Error(`found the value "${value}" of a parameter that has none`);
  return new Uint8Array();
}

function uint16(value: number): Uint8Array {
  return Buffer.of(value >> 8, value & 0xff);
}

function ipv4(address: string): Uint8Array {
  if (!isIPv4(address)) throw new Error(`found "${address}", expected an IPv4 address`);
  return Uint8Array.from(address.split('.'), Number);
}

function ipv6(address: string): Uint8Array {
  if (!isIPv6(address) || address.includes('%')) throw new Error(`found "${address}", expected an IPv6 address`);
  return Buffer.concat(ipv6Groups(address).map(uint16));
}
