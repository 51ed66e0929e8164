// Keys of server blocks ("tls://example.org:853", "10.0.0.0/15") as zones with transport and port, and IP addresses with ports.

import { isIP, isIPv4 } from 'node:net';
import { type Name, parseName } from '../dns/name.ts';
import { ConfigError, messageOf } from './error.ts';
import type { Word } from './tree.ts';

/** What a server block can listen with. */
type KeyTransport = 'dns' | 'tls' | 'https' | 'grpc' | 'quic' | 'https3';

/** One zone of a server block and where it is served. */
export interface ZoneKey {
  readonly transport: KeyTransport;
  readonly zone: Name;
  readonly port: number;
}

/** An IP address with its port, and what stood after `%`: an interface, or a TLS server name. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
  readonly zoneId?: string;
}

/** An address to talk to, with the way to do so. */
export interface Endpoint extends HostPort {
  readonly transport: KeyTransport;
}

const defaultPorts: Readonly<Record<KeyTransport, number>> = { dns: 53, tls: 853, quic: 853, grpc: 443, https: 443, https3: 443 };

/** Reads one key; a prefix that is not on a label border gives several. Throws a ConfigError at the word. */
export function parseKey(word: Word, options: { readonly dnsPort: number }): readonly ZoneKey[] {
  try {
    const { transport, rest } = splitTransport(word.text);
    const { zones, port = transport === 'dns' ? options.dnsPort : defaultPorts[transport] } = splitZonesAndPort(rest);
    return zones.map((zone) => ({ transport, zone, port }));
  } catch (error) {
    const expected = expectedKey(word.text);
    throw new ConfigError(`error inspecting server blocks: ${messageOf(error)}`, { place: word.place, expected });
  }
}

/** The zones that one word of a plugin's ZONES stands for; transport and port are dropped. Throws an Error with a plain message. */
export function normalizeZones(text: string): readonly Name[] {
  return splitZonesAndPort(splitTransport(text).rest).zones;
}

/** Reads `IP`, `IP:port`, `[v6]:port`, each with or without `%zone`. Throws an Error with a plain message. */
export function parseHostPort(text: string, defaultPort: number): HostPort {
  const found = /^(?:\[([^[\]]+)\]|([^[\]]+?))(?::(\d*))?$/.exec(isAddress(text) ? `[${text}]` : text);
  const [, bracketed, bare, digits] = found ?? [];
  const address = bracketed ?? bare ?? '';
  if (!isAddress(address) || bare?.includes(':')) throw new Error(`must specify an IP address: '${text}'`);
  const port = digits ? toPort(digits) : defaultPort;
  const percent = address.indexOf('%');
  return percent === -1 ? { host: address, port } : { host: address.slice(0, percent), port, zoneId: address.slice(percent + 1) };
}

/** Reads an address with an optional scheme: `1.1.1.1`, `dns://[::1]:5353`, `tls://9.9.9.9%dns.quad9.net`. The port defaults by the scheme. */
export function parseEndpoint(text: string): Endpoint {
  const { transport, rest } = splitTransport(text);
  return { transport, ...parseHostPort(rest, defaultPorts[transport]) };
}

/** An IP network in prefix notation, its host bits cleared; undefined when the text is none. */
export function parseCidr(text: string): { address: string; prefix: number; family: 4 | 6 } | undefined {
  const network = readNetwork(text);
  if (network === undefined) return undefined;
  const { bytes, prefix } = network;
  const address = bytes.length === 4 ? bytes.join('.') : formatIPv6(bytes);
  return { address, prefix, family: bytes.length === 4 ? 4 : 6 };
}

/**
 * The reverse zones that make up a network: one when its prefix lies on a label border (8 bits of IPv4, 4 of IPv6),
 * else all those of the next longer border (RFC 1035 section 3.5, RFC 3596 section 2.5).
 */
function reverseZones(text: string): readonly Name[] {
  const network = readNetwork(text);
  if (network === undefined) throw new Error(`invalid CIDR ${text}`);
  const labelBits = network.bytes.length === 4 ? 8 : 4;
  const border = Math.ceil(network.prefix / labelBits) * labelBits;
  const suffix = network.bytes.length === 4 ? 'in-addr.arpa.' : 'ip6.arpa.';
  const digits = [...network.bytes].flatMap((byte) => (labelBits === 8 ? [byte] : [byte >> 4, byte & 15]));
  const kept = digits.slice(0, border / labelBits);
  const last = kept.pop();
  if (last === undefined) return [parseName(suffix)];
  const parent =
    [...kept]
      .reverse()
      .map((digit) => `${digit.toString(labelBits === 8 ? 10 : 16)}.`)
      .join('') + suffix;
  const count = 2 ** (border - network.prefix);
  return Array.from({ length: count }, (_, i) => parseName(`${(last + i).toString(labelBits === 8 ? 10 : 16)}.${parent}`));
}

function expectedKey(text: string): string {
  if (text.endsWith('{')) return "a blank before '{'";
  return text.includes(',') ? "a blank after ','" : '[TRANSPORT://]ZONE[:PORT]';
}

function splitTransport(text: string): { transport: KeyTransport; rest: string } {
  const found = /^(dns|tls|https3?|grpc|quic):\/\/(.*)$/s.exec(text);
  if (found === null) {
    const scheme = /^([a-z\d]+):\/\//i.exec(text)?.[1];
    if (scheme !== undefined) throw new Error(`unknown transport '${scheme}' in ${text}`);
    return { transport: 'dns', rest: text };
  }
  return { transport: found[1] as KeyTransport, rest: found[2] ?? '' };
}

function splitZonesAndPort(text: string): { zones: readonly Name[]; port?: number } {
  if (text.endsWith(':')) throw new Error(`expecting data after last colon: "${text}"`);
  const found = /^(.*):([+-]?\d+)$/s.exec(text);
  const zones = zonesOf(found?.[1] ?? text);
  return found === null ? { zones } : { zones, port: toPort(found[2] ?? '') };
}

function zonesOf(text: string): readonly Name[] {
  if (text.length > 255) throw new Error(`specified zone is too long: ${text.length} > 255`);
  const [address = '', prefix] = text.split('/', 2);
  // In this order: what tells IPv6 addresses takes 7 ms when it is first asked.
  if (/^\d+$/.test(prefix ?? '') && isIP(address) !== 0) {
    if (/^(:|0.*:)/.test(text)) throw new Error(`invalid CIDR ${text}`);
    return reverseZones(text);
  }
  if (/[:{}]/.test(text)) throw new Error(`zone is not a valid domain name: ${text}`);
  try {
    return [parseName(text)];
  } catch (error) {
    throw new Error(`zone is not a valid domain name: ${text} (${messageOf(error)})`);
  }
}

function toPort(digits: string): number {
  const port = Number(digits);
  if (port < 0 || port > 65_535) throw new Error(`port ${digits} is out of range, expected 0 to 65535`);
  return port;
}

function isAddress(text: string): boolean {
  const percent = text.indexOf('%');
  const address = percent === -1 ? text : text.slice(0, percent);
  const zoneId = percent === -1 ? 'none' : text.slice(percent + 1);
  return isIP(address) !== 0 && /^[^\s:[\]]+$/.test(zoneId);
}

/** The bytes of a network with the bits after its prefix cleared. */
function readNetwork(text: string): { bytes: Uint8Array; prefix: number } | undefined {
  const [address = '', digits = '', more] = text.split('/');
  if (isIP(address) === 0 || address.includes('%') || !/^(0|[1-9]\d*)$/.test(digits) || more !== undefined) return undefined;
  const bytes = isIPv4(address) ? Uint8Array.from(address.split('.'), Number) : bytesOfIPv6(address);
  const prefix = Number(digits);
  if (prefix > bytes.length * 8) return undefined;
  return { bytes: bytes.map((byte, i) => byte & (0xff << Math.max(0, 8 - Math.max(0, prefix - i * 8)))), prefix };
}

function bytesOfIPv6(address: string): Uint8Array {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const tail = (dotted?.[2] ?? '').split('.').map(Number);
  const text = dotted === null ? address : `${dotted[1]}${groupOf(tail, 0)}:${groupOf(tail, 2)}`;
  const [front = '', back] = text.split('::');
  const head = front === '' ? [] : front.split(':');
  const rest = back === undefined || back === '' ? [] : back.split(':');
  const groups = [...head, ...Array.from({ length: 8 - head.length - rest.length }, () => '0'), ...rest];
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]));
}

function groupOf(octets: readonly number[], at: number): string {
  return (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16);
}

function formatIPv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(i * 2).toString(16)).join(':');
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}
