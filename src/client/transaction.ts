// One server asked for one query: sends, waits, judges what comes back, and asks again without EDNS or over TCP where that helps.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { Deadlines, type Waiting } from '../transport/deadlines.ts';
import type { Receiver } from '../transport/udp-socket.ts';
import type { Outstanding } from './channel.ts';
import { ednsVerdict, judge, readReply, strayQuestion, writeQuery } from './message.ts';
import { randomId } from './random-id.ts';
import type { RemoteServer } from './remote-server.ts';

/** Who wants the reply. Hears of each transaction until it has replied or failed; after a failure by time a late reply may still come. */
export interface Asker {
  /** The reply as it came: which of its records belong to the question says `onlyAnswers`. */
  replied(transaction: Transaction, reply: Reply, message: Buffer): void;
  failed(transaction: Transaction, reason: string): void;
  /** The reply has not come by the time given in {@link Manner.patience}. */
  overdue(transaction: Transaction): void;
  /** A reply came that cannot be read. */
  unreadable(transaction: Transaction): void;
}

/** How to ask; times in milliseconds from the start. */
export interface Manner {
  readonly tcp: boolean;
  /** Ask again over TCP when the reply is cut. */
  readonly tcpWhenCut: boolean;
  /** When the reply is overdue; undefined: never. */
  readonly patience: number | undefined;
  readonly timeout: number;
}

/** What is asked of whom, and since when (milliseconds on the asker's clock). */
export interface TransactionFields {
  readonly query: Query;
  readonly server: RemoteServer;
  readonly manner: Manner;
  readonly startedAt: number;
}

/** The waiting of all transactions. Their times are too short for a coarser tick. */
const deadlines = new Deadlines(10);

export class Transaction implements Receiver, Waiting {
  readonly server: RemoteServer;
  readonly startedAt: number;
  /** False once it has failed by time, from when on it only listens for a late reply. */
  waiting = true;
  /** When the reply is overdue, and then when it is given up. */
  until = 0;
  before: Waiting['before'] = undefined;
  behind: Waiting['behind'] = undefined;
  private readonly asker: Asker;
  private readonly query: Query;
  private readonly manner: Manner;
  private tcp: boolean;
  /** Whether it is asked without EDNS. */
  private plain: boolean;
  /** The response code with which it refused EDNS, if it did so now and knows none. */
  private ednsRefusal: string | undefined;
  /** What a message that is not the reply was about. */
  private stray: string | undefined;
  private giveUpAt = 0;
  private ended = false;
  private id = 0;
  private outstanding: Outstanding | undefined;

  constructor(asker: Asker, { query, server, manner, startedAt }: TransactionFields) {
    this.asker = asker;
    this.query = query;
    this.server = server;
    this.manner = manner;
    this.startedAt = startedAt;
    this.tcp = manner.tcp;
    this.plain = !server.takesEdns;
  }

  start(): void {
    const { patience, timeout } = this.manner;
    const now = performance.now();
    this.until = now + Math.min(patience ?? timeout, timeout);
    this.giveUpAt = now + timeout;
    deadlines.add(this);
    this.send();
  }

  /** Stops listening without telling anybody. */
  abandon(): void {
    if (this.ended) return;
    this.end();
    this.outstanding?.close();
  }

  received(message: Buffer): boolean {
    if (this.ended) return true;
    const verdict = judge(message, this.query, this.id);
    if (verdict === 'other') {
      this.stray ??= strayQuestion(message, this.id);
      return false;
    }
    const reply = this.read(message, verdict);
    if (reply === undefined) return false;
    if (this.isToBeAskedAgain(reply, message)) {
      this.send();
      return true;
    }
    this.end();
    // One that says the same without EDNS has something else against the query.
    if (this.ednsRefusal !== undefined && this.ednsRefusal !== reply.rcode) this.server.refusedEdns(this.ednsRefusal);
    this.asker.replied(this, reply, message);
    return true;
  }

  failed(error: Error): void {
    if (this.ended) return;
    const { waiting } = this;
    this.end();
    if (waiting) this.asker.failed(this, error.message + this.strayText());
  }

  /** The reply is overdue, or has not come at all. */
  expire(): void {
    if (this.ended) return;
    if (this.until < this.giveUpAt) {
      this.until = this.giveUpAt;
      deadlines.add(this);
      this.asker.overdue(this);
      return;
    }
    this.waiting = false;
    this.asker.failed(this, `${this.outstanding?.describe() ?? ''}: i/o timeout${this.strayText()}`);
  }

  private strayText(): string {
    return this.stray === undefined ? '' : ` (what came was about ${this.stray})`;
  }

  private send(): void {
    this.id = randomId();
    this.outstanding = this.server.channel(this.tcp).ask(writeQuery(this.query, this.id, this.plain), this);
  }

  /** Whether the reply is better asked for in another way, for somebody who still waits; `tcp` and `plain` say in which. */
  private isToBeAskedAgain(reply: Reply, message: Buffer): boolean {
    if (this.query.exchange.cancelled !== undefined) return false;
    if (this.isWithoutEdnsNext(reply, message)) return true;
    if (!reply.truncated || !this.manner.tcpWhenCut || this.tcp) return false;
    this.tcp = true;
    return true;
  }

  /** Whether EDNS has just been refused, which is tried once (RFC 6891 section 6.2.2). DO says what the asker can take, not what it needs: it makes no difference. */
  private isWithoutEdnsNext(reply: Reply, message: Buffer): boolean {
    if (!this.query.edns || this.plain) return false;
    const verdict = ednsVerdict(reply, message, this.query);
    if (verdict === 'taken') return false;
    this.plain = true;
    if (verdict === 'unknown') this.ednsRefusal = reply.rcode;
    return true;
  }

  private read(message: Buffer, verdict: 'reply' | 'bareError'): Reply | undefined {
    try {
      return readReply(message, verdict, this.query);
    } catch {
      // It may be forged: the real one can still come.
      this.asker.unreadable(this);
      return undefined;
    }
  }

  private end(): void {
    this.ended = true;
    this.waiting = false;
    deadlines.remove(this);
  }
}
