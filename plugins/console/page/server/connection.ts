// Whether the server is heard, and who this page is to it.
import { Cell } from './cell.ts';

export interface Connection {
  readonly heard: boolean;
  /** Since when it is so, by this machine's clock. */
  readonly since: number;
  readonly reason: string;
}

/** What the server lets this page do. */
export interface Session {
  /** Null: nothing before a login; `unknown`: the server has not been heard yet. */
  readonly role: 'operator' | 'reader' | null | 'unknown';
  readonly tokenNeeded: boolean;
  /** The name in the certificate of this browser. */
  readonly by: string | null;
}

export const connection = new Cell<Connection>({ heard: true, since: Date.now(), reason: '' });
export const session = new Cell<Session>({ role: 'unknown', tokenNeeded: false, by: null });

export function noteHeard(): void {
  if (!connection.value.heard) connection.set({ heard: true, since: Date.now(), reason: '' });
}

export function noteLost(reason: string): void {
  if (connection.value.heard) connection.set({ heard: false, since: Date.now(), reason });
}

/** The server wants a token, or no longer takes the one it was given. */
export function noteStranger(): void {
  session.set({ role: null, tokenNeeded: true, by: null });
}
