// One upstream asked for one query: sends, waits, judges what comes back, and asks again without EDNS or over TCP where that helps.
import type { Query, Reply } from 'ferrydns/plugin';
import type { Link, Receiver } from './link.ts';
import { ednsVerdict, judge, readReply, strayQuestion, writeQuery } from './message.ts';
import { randomId } from './random-id.ts';
import type { Upstream } from './upstream.ts';

/** Who wants the reply. Hears of each attempt until it has replied or failed; after a failure by time a late reply may still come. */
export interface Asker {
  replied(attempt: Attempt, reply: Reply, message: Buffer): void;
  failed(attempt: Attempt, reason: string): void;
  /** The reply has not come by the time given in {@link AttemptPlan.patience}. */
  overdue(attempt: Attempt): void;
  /** A reply came that cannot be read. */
  unreadable(attempt: Attempt): void;
}

/** How to ask; times in milliseconds from the start. */
export interface AttemptPlan {
  readonly tcp: boolean;
  /** Ask again over TCP when the reply is cut. */
  readonly tcpWhenCut: boolean;
  /** When the reply is overdue; undefined: never. */
  readonly patience: number | undefined;
  readonly timeout: number;
}

/** What is asked of whom, and since when (milliseconds on the upstream's clock). */
export interface AttemptContext {
  readonly query: Query;
  readonly upstream: Upstream;
  readonly plan: AttemptPlan;
  readonly startedAt: number;
}

export class Attempt implements Receiver {
  readonly upstream: Upstream;
  readonly startedAt: number;
  /** False once it has failed by time, from when on it only listens for a late reply. */
  waiting = true;
  private readonly asker: Asker;
  private readonly query: Query;
  private readonly plan: AttemptPlan;
  private tcp: boolean;
  /** Whether it is asked without EDNS. */
  private plain: boolean;
  /** The response code with which it refused EDNS, if it did so now and knows none. */
  private ednsRefusal: string | undefined;
  /** What a message that is not the reply was about. */
  private stray: string | undefined;
  private ended = false;
  private id = 0;
  private link: Link | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(asker: Asker, about: AttemptContext) {
    this.asker = asker;
    this.query = about.query;
    this.upstream = about.upstream;
    this.plan = about.plan;
    this.tcp = about.plan.tcp;
    this.plain = !about.upstream.takesEdns;
    this.startedAt = about.startedAt;
  }

  start(): void {
    const { patience, timeout } = this.plan;
    if (patience === undefined || patience >= timeout) this.wait(timeout, () => this.expire());
    else {
      this.wait(patience, () => {
        this.wait(timeout - patience, () => this.expire());
        this.asker.overdue(this);
      });
    }
    this.send();
  }

  /** Stops listening without telling anybody. */
  abandon(): void {
    if (this.ended) return;
    this.end();
    this.link?.close();
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
    if (this.isWithoutEdnsNext(reply, message)) {
      this.send();
      return true;
    }
    if (reply.truncated && this.plan.tcpWhenCut && !this.tcp) {
      this.tcp = true;
      this.send();
      return true;
    }
    this.end();
    // One that says the same without EDNS has something else against the query.
    if (this.ednsRefusal !== undefined && this.ednsRefusal !== reply.rcode) this.upstream.refusedEdns(this.ednsRefusal);
    this.upstream.replied(reply.rcodeNumber, this.startedAt);
    this.asker.replied(this, reply, message);
    return true;
  }

  failed(error: Error): void {
    if (this.ended) return;
    const { waiting } = this;
    this.end();
    this.upstream.failed(this.startedAt);
    if (waiting) this.asker.failed(this, error.message);
  }

  private send(): void {
    this.id = randomId();
    this.link = this.upstream.channel(this.tcp).ask(writeQuery(this.query, this.id, this.plain), this);
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

  private wait(milliseconds: number, then: () => void): void {
    this.timer = setTimeout(then, milliseconds).unref();
  }

  private expire(): void {
    this.waiting = false;
    this.upstream.failed(this.startedAt);
    const stray = this.stray === undefined ? '' : ` (what came was about ${this.stray})`;
    this.asker.failed(this, `${this.link?.describe() ?? ''}: i/o timeout${stray}`);
  }

  private end(): void {
    this.ended = true;
    this.waiting = false;
    clearTimeout(this.timer);
  }
}
