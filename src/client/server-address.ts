// Where a DNS server is, and how it is talked to.

import { parseEndpoint } from '../config/zone-key.ts';

/** `serverName` is the name that its certificate must have; empty for its address. */
export interface ServerAddress {
  readonly transport: 'dns' | 'tls' | 'https';
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

/** Reads an address as "10.96.0.10", "tls://9.9.9.9%dns.quad9.net" or "https://[2001:db8::1]:8443". Throws an Error that says what is wrong. */
export function readServerAddress(word: string): ServerAddress {
  const { transport, host, port, zoneId = '' } = parseEndpoint(word);
  if (transport !== 'dns' && transport !== 'tls' && transport !== 'https') throw new Error(`${transport} is not asked, expected dns, tls or https`);
  return { transport, host, port, serverName: zoneId };
}

/** "HOST:PORT", as metrics and messages name a server. */
export function addressOf({ host, port }: Pick<ServerAddress, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
