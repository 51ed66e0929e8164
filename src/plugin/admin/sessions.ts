// Who has shown a token in a browser: a cookie stands for it from then on, until it is too old, or the server has ended.
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { digest } from './digest.ts';

/** Sessions at a time; one more ends the oldest. */
const mostSessions = 100;
/** Milliseconds that a session lasts. */
const lifetime = 12 * 3_600_000;
/** Milliseconds until a wrong token is answered. */
const penalty = 1000;
/** Wrong tokens that may wait for their answer. While so many do, nobody is let in. */
const mostWaiting = 16;

interface Session {
  /** The hash of the token that was shown. */
  readonly token: Buffer;
  /** Milliseconds, on the clock of `now`. */
  readonly ends: number;
  /** Aborts with the session, and ends its streams. */
  readonly ending: AbortController;
}

/** The sessions of a server. They outlive its configurations: what counts is whether the token that was shown is still one. */
export class Sessions {
  /** By the hash of what the cookie says, the oldest first. */
  private readonly sessions = new Map<string, Session>();
  private readonly now: () => number;
  private waiting = 0;

  /** `now`: milliseconds on a monotonic clock. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Begins a session for whoever has shown this token, and returns what the cookie is to say. */
  begin(token: Buffer): string {
    const [oldest] = this.sessions.keys();
    if (this.sessions.size >= mostSessions && oldest !== undefined) this.endAt(oldest);
    const id = randomBytes(32).toString('base64url');
    this.sessions.set(keyOf(id), { token, ends: this.now() + lifetime, ending: new AbortController() });
    return id;
  }

  /** The session of a cookie; undefined when it is none, or over. */
  find(id: string | undefined): (Pick<Session, 'token'> & { readonly signal: AbortSignal }) | undefined {
    if (id === undefined) return undefined;
    const key = keyOf(id);
    const session = this.sessions.get(key);
    if (session === undefined) return undefined;
    if (session.ends > this.now()) return { token: session.token, signal: session.ending.signal };
    this.endAt(key);
    return undefined;
  }

  end(id: string): void {
    this.endAt(keyOf(id));
  }

  /** Whether so many wrong tokens wait that no other is looked at. */
  get crowded(): boolean {
    return this.waiting >= mostWaiting;
  }

  /** Lets whoever has shown a wrong token wait. */
  async delay(): Promise<void> {
    this.waiting++;
    try {
      await pause(penalty, undefined, { ref: false });
    } finally {
      this.waiting--;
    }
  }

  private endAt(key: string): void {
    this.sessions.get(key)?.ending.abort();
    this.sessions.delete(key);
  }
}

function keyOf(id: string): string {
  return digest(id).toString('hex');
}
