// Where a DNS server is, and how it is talked to.

/** `serverName` is the name that its certificate must have; empty for its address. */
export interface ServerAddress {
  readonly transport: 'dns' | 'tls' | 'https';
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

/** "HOST:PORT", as metrics and messages name a server. */
export function addressOf({ host, port }: Pick<ServerAddress, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
