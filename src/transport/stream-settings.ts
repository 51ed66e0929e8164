// What the configuration says of the connections of a listener.
import type { SecureContextOptions } from 'node:tls';
import type { ProxySettings } from './proxy-settings.ts';

/** Milliseconds of a whole read, of a write, and of silence; `queries` is how many one connection may ask, -1 for any number. */
export interface Timeouts {
  readonly read?: number;
  readonly write?: number;
  readonly idle?: number;
  readonly queries?: number;
}

/** What a connection may take when the configuration says nothing: milliseconds, and queries without limit. */
export const defaultTimeouts: Required<Timeouts> = { read: 3000, write: 5000, idle: 10_000, queries: -1 };

/**
 * Whether a client has to show a certificate: never; `request`: it may, and any will do; `require`: it must, and any will do; `verify_if_given`: it
 * may, and it must be of the authorities; `require_and_verify`: it must, and it must be of the authorities.
 */
export type ClientAuth = 'nocert' | 'request' | 'require' | 'verify_if_given' | 'require_and_verify';

/** How a listener speaks TLS. */
export interface TlsSettings {
  /** Certificate, key and authorities as they are now; another object when they have changed. */
  readonly credentials: () => SecureContextOptions;
  readonly clientAuth: ClientAuth;
  /** Is given the secrets of every session, as lines of the NSS key log format. */
  readonly keylog?: ((line: Buffer) => void) | undefined;
}

/** What a listener may take. */
export interface Limits {
  /** Connections at a time; for a further one the client that has most gives up one, or it is closed at once. 0 for any number. */
  readonly connections?: number;
  /** Queries of one HTTP/2 connection at a time; 0 for any number. */
  readonly streams?: number;
}

/** What is in force for a connection that is made now. */
export interface StreamSettings extends Required<Limits> {
  readonly timeouts: Required<Timeouts>;
  readonly tls?: TlsSettings | undefined;
  /** Undefined where no proxy is in front. */
  readonly proxy?: ProxySettings | undefined;
}

/** Connections of one listener at a time where the configuration does not say, and queries of one HTTP/2 connection. */
export const defaultConnections = { dns: 4096, tls: 4096, https: 200, grpc: 200 } as const;
export const defaultStreams = 256;
