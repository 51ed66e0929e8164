// Where queries come in: the listeners of this process, or of its workers.
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Listening } from '../transport/answerer.ts';
import type { Generation } from './generation.ts';

/** What is known of an open socket wherever it is. */
export type SocketInfo = Pick<Listening, 'transport' | 'address' | 'port' | 'kind'>;

/** Takes a configuration over in steps, so that it is in use everywhere or nowhere. */
export interface Front {
  /** Opens what the configuration needs and is not open; queries are not taken there yet. Rejects, with nothing changed, when it cannot. */
  prepare(next: Generation): Promise<void>;
  /** Resolves when other processes know what the instances of this one share, all of which have started; rejects when they do not learn it. */
  catchUp(next: Generation): Promise<void>;
  /** Undoes {@link prepare}. */
  abandon(): Promise<void>;
  /** From here on every query is answered by the prepared configuration. */
  commit(next: Generation): Awaitable<void>;
  /** Says that nothing shall be used any more; until it is closed it answers by `next`, if that is given. */
  end(next?: Generation): void;
  /** Takes no query any more at what is not used. */
  shut(): void;
  /** Closes what is not used, and waits for what is in hand there. */
  retire(): Promise<void>;
  /** The open sockets by the name of their listener. */
  sockets(): ReadonlyMap<string, readonly SocketInfo[]>;
}

/** A configuration that is ready to be used. */
export interface Prepared {
  /** Puts it to use. */
  commit(): Promise<void>;
  /** After that: ends what it has replaced. */
  retire(): Promise<void>;
  /** Instead: gives it up. */
  abandon(): Promise<void>;
}
