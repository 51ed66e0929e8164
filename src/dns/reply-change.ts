// What a copy of a reply can change.
import type { Rcode } from './codes.ts';
import type { Option } from './edns.ts';
import type { ExtendedErrorValue } from './extended-error.ts';
import type { ResourceRecord } from './record.ts';

/** What a copy can change of one message; what is absent stays. */
export interface RecordChange {
  readonly rcode?: Rcode;
  readonly authoritative?: boolean;
  /** Instead of that of the query, which replies repeat. */
  readonly recursionDesired?: boolean;
  readonly recursionAvailable?: boolean;
  readonly authenticData?: boolean;
  readonly truncated?: boolean;
  /** Seconds; becomes the TTL of every record, of a leased reply of every record that had more. */
  readonly ttl?: number;
  /** Makes it a leased reply. */
  readonly leased?: true;
  readonly answers?: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
  /** Code of RFC 8914, alone or with a text; added to those that are there, and sent to askers that speak EDNS. */
  readonly extendedError?: ExtendedErrorValue;
  /** EDNS options, sent to askers that speak EDNS. */
  readonly options?: readonly Option[];
}
