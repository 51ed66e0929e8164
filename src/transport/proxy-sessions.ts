// Which client the datagrams without a header are of, where a proxy sends the header with the first one alone.
import type { Addresses } from './addresses.ts';
import type { ProxySettings } from './proxy-settings.ts';

interface Session {
  readonly addresses: Addresses;
  /** Milliseconds on the clock of the sessions. */
  readonly until: number;
}

/** Sessions by the address and port that a proxy sends from; the one that was used longest ago goes first when there are too many. */
export class ProxySessions {
  readonly limits: NonNullable<ProxySettings['sessions']>;
  private readonly now: () => number;
  /** The one that was used last stands last. */
  private readonly sessions: Map<string, Session>;

  /** Goes on with the sessions of those before, if there were any. */
  constructor(limits: NonNullable<ProxySettings['sessions']>, now: () => number, before?: ProxySessions) {
    this.limits = limits;
    this.now = now;
    this.sessions = before?.sessions ?? new Map();
  }

  keep(from: Pick<Addresses, 'address' | 'port'>, addresses: Addresses): void {
    const key = keyOf(from);
    this.sessions.delete(key);
    this.sessions.set(key, { addresses, until: this.now() + this.limits.milliseconds });
    for (const oldest of this.sessions.keys()) {
      if (this.sessions.size <= this.limits.most) break;
      this.sessions.delete(oldest);
    }
  }

  /** The client of a session that has not ended; it goes on for its whole time from now. */
  find(from: Pick<Addresses, 'address' | 'port'>): Addresses | undefined {
    const session = this.sessions.get(keyOf(from));
    if (session === undefined || session.until <= this.now()) {
      this.sessions.delete(keyOf(from));
      return undefined;
    }
    this.keep(from, session.addresses);
    return session.addresses;
  }
}

function keyOf({ address, port }: Pick<Addresses, 'address' | 'port'>): string {
  return `${address} ${port}`;
}
