// What a query is made of, and what a copy of it can change.
import type { Client } from './client.ts';
import type { Option } from './edns.ts';
import type { Explained } from './explained.ts';
import type { Name } from './name.ts';

/** What caches do with a query; see {@link Query.caching}. */
export type Caching = 'usual' | 'renew' | 'bypass';

/** What `with` can change. */
export interface QueryChange {
  readonly name?: Name;
  readonly type?: string;
  readonly class?: string;
  readonly recursionDesired?: boolean;
  readonly checkingDisabled?: boolean;
  readonly authenticData?: boolean;
  readonly authoritative?: boolean;
  readonly dnssecOk?: boolean;
  /** Octets of a UDP message that the asker takes; adds an OPT record where there is none. */
  readonly udpSize?: number;
  /** Replaces the EDNS options; adds an OPT record where there is none. */
  readonly options?: readonly Option[];
  /** Makes a query of the server's own that looks as if this client had sent it. */
  readonly client?: Client;
  readonly caching?: Caching;
}

/** The facts a query is made of. */
export interface QueryFields {
  readonly wire: Uint8Array;
  readonly start: number;
  /** Whether the bytes will never change; false unless given. */
  readonly owned?: boolean;
  readonly nameLength: number;
  readonly nameHash: number;
  readonly typeCode: number;
  readonly classCode: number;
  readonly flags: number;
  readonly edns: boolean;
  readonly advertisedSize: number;
  readonly ednsVersion: number;
  readonly dnssecOk: boolean;
  readonly optionsStart: number;
  readonly optionsEnd: number;
  readonly client: Client;
  readonly receivedAt: number;
  /** Whether the server made it itself; false unless given. */
  readonly own?: boolean;
  /** `usual` unless given. */
  readonly caching?: Caching;
  readonly explained?: Explained | undefined;
}
