// The open connections of a listener, by the client that has made them: who has most of them gives way where there is no room for another client.

/** A connection that is being served. */
export interface Served {
  /** Answers what is in hand, takes nothing more, and closes. */
  finish(): void;
}

export class Connections {
  private readonly served = new Map<string, Served>();
  /** The keys of each client's connections by its address, the oldest first. */
  private readonly clients = new Map<string, Set<string>>();

  get size(): number {
    return this.served.size;
  }

  /** Adds one, or says who serves it from now on. */
  set(key: string, client: string, served: Served): void {
    this.served.set(key, served);
    const own = this.clients.get(client) ?? new Set();
    if (own.size === 0) this.clients.set(client, own);
    own.add(key);
  }

  delete(key: string, client: string): void {
    this.served.delete(key);
    const own = this.clients.get(client);
    own?.delete(key);
    if (own?.size === 0) this.clients.delete(client);
  }

  /** Ends the oldest connection of the client that has most, so that another client can have one. False when that would leave it with fewer than the other has then. */
  makeRoom(client: string): boolean {
    let most: ReadonlySet<string> = new Set();
    let whose = '';
    for (const [each, own] of this.clients) if (own.size > most.size) [whose, most] = [each, own];
    if (most.size < (this.clients.get(client)?.size ?? 0) + 2) return false;
    const [oldest = ''] = most;
    const served = this.served.get(oldest);
    // It counts no more, though it may have answers to give before it closes.
    this.delete(oldest, whose);
    served?.finish();
    return true;
  }

  finish(): void {
    for (const connection of this.served.values()) connection.finish();
  }
}
