// A query of a client that is sent to an avoided upstream for its health's sake: nobody waits for the reply.
import type { Asker, Transaction } from 'ferrydns/built-in';
import type { Reply } from 'ferrydns/plugin';
import type { Upstream } from './upstream.ts';

export class Trial implements Asker {
  private readonly upstream: Upstream;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  replied({ startedAt }: Transaction, reply: Reply): void {
    this.upstream.replied(reply.rcodeNumber, startedAt);
  }

  failed(transaction: Transaction): void {
    this.upstream.failed(transaction.startedAt);
    transaction.abandon();
  }

  overdue(): void {}

  unreadable(): void {}
}
