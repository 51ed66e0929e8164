// What a forward is told by its configuration, read once and shared by its parts.
import type { SecureContext } from 'node:tls';
import type { Name } from 'ferrydns/plugin';

export type PolicyName = 'random' | 'round_robin' | 'sequential';

/** The options of one forward; lengths of time in milliseconds. */
export interface Settings {
  readonly policy: PolicyName;
  readonly forceTcp: boolean;
  readonly preferUdp: boolean;
  /** Idle connections older than this are closed. */
  readonly expire: number;
  /** Connections older than this are not used again; 0 for no limit. */
  readonly maxAge: number;
  /** Idle connections kept for each upstream; 0 for no limit. */
  readonly maxIdleConnections: number;
  /** How long an upstream may take to reply before that counts as a failure. */
  readonly readTimeout: number;
  /** An upstream is down when more health checks than this have failed in a row; 0 switches the checks off. */
  readonly maxFails: number;
  /** Failed attempts for one query at most; 0 for no limit, undefined for two with each upstream. */
  readonly maxConnectAttempts: number | undefined;
  /** Milliseconds between two health checks of an upstream that fails. */
  readonly checkInterval: number;
  /** The name that health checks ask for. */
  readonly checkName: Name;
  readonly checkRecursion: boolean;
  /** Queries on their way at most; 0 for no limit. */
  readonly maxConcurrent: number;
  readonly failFast: boolean;
  /** Response codes that make the next upstream be asked. */
  readonly failover: ReadonlySet<number>;
  /** Response codes that hand the query to the next forward. */
  readonly next: ReadonlySet<number>;
  readonly nextOnNodata: boolean;
  /** The local address to ask from; undefined leaves it to the system. */
  readonly sourceAddress: string | undefined;
  /** The method that upstreams are asked with over HTTPS. */
  readonly httpMethod: 'GET' | 'POST';
  /** Certificates for upstreams that are asked over TLS or HTTPS. */
  readonly tls: { readonly secureContext?: SecureContext };
}

/** Where an upstream is, and how it is talked to. */
export interface Target {
  readonly transport: 'dns' | 'tls' | 'https';
  readonly host: string;
  readonly port: number;
  /** The name its certificate must have; empty for its address. */
  readonly serverName: string;
}

/** "HOST:PORT", as metrics and messages name an upstream. */
export function addressOf({ host, port }: Pick<Target, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
