// What a log of queries offers other plugins: what was asked lately.
import type { Name } from '../dns/name.ts';
import { capability } from './capability.ts';

/** A question that was asked lately. */
export interface RecentQuery {
  readonly name: Name;
  readonly type: string;
  readonly class: string;
  /** The listener that was asked last, as "dns://:53". */
  readonly server: string;
  /** Of the server block that answered last; "dropped" where none did. */
  readonly zone: string;
  readonly view: string;
  /** Who asked last: the first address of the network where addresses are cut; undefined where they are hashed. */
  readonly client: string | undefined;
  /** Whether records were answered when it was asked last. */
  readonly answered: boolean;
  /** How often it was asked. */
  readonly count: number;
}

/** The queries that a server remembers. */
export interface RecentQueries {
  /** Each question that was asked within so many milliseconds, by name, type, class, listener and view; what was asked most stands first. */
  since(milliseconds: number): readonly RecentQuery[];
}

/** By this plugins find out what was asked lately; each that provides it tells of the server as a whole. Only the primary process has something to tell. */
export const recentQueries = capability<RecentQueries>('recentQueries');
