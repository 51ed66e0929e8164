// One upstream asked for one query: sends, waits, judges what comes back, and asks again without EDNS or over TCP where that helps.
import type { Query, Reply } from 'ferrydns/plugin';
import type { Link, Receiver } from './link.ts';
import { judge, readReply, rejectsEdns, writeQuery } from './message.ts';
import { randomId } from './random-id.ts';
import type { Upstream } from './upstream.ts';

/** Who wants the reply. Hears of each attempt until it has replied or failed; after a failure by time a late reply may still come. */
export interface Asker {
  replied(attempt: Attempt, reply: Reply, message: Buffer): void;
  failed(attempt: Attempt, reason: string): void;
  /** The reply has not come by one of the times given in {@link AttemptPlan.milestones}. */
  overdue(attempt: Attempt, milestone: number): void;
  /** A reply came that cannot be read. */
  unreadable(attempt: Attempt): void;
}

/** How to ask; times in milliseconds from the start. */
export interface AttemptPlan {
  readonly tcp: boolean;
  /** Ask again over TCP when the reply is cut. */
  readonly tcpWhenCut: boolean;
  readonly milestones: readonly number[];
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
  private plain = false;
  private ended = false;
  private id = 0;
  private link: Link | undefined;
  private timer: NodeJS.Timeout | undefined;
  private milestone = 0;

  constructor(asker: Asker, about: AttemptContext) {
    this.asker = asker;
    this.query = about.query;
    this.upstream = about.upstream;
    this.plan = about.plan;
    this.tcp = about.plan.tcp;
    this.startedAt = about.startedAt;
  }

  start(): void {
    this.arm(0);
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
    if (verdict === 'other') return false;
    if (this.query.edns && !this.plain && rejectsEdns(message)) {
      this.plain = true;
      this.send();
      return true;
    }
    const reply = this.read(message, verdict);
    if (reply === undefined) return false;
    if (reply.truncated && this.plan.tcpWhenCut && !this.tcp) {
      this.tcp = true;
      this.send();
      return true;
    }
    this.end();
    this.upstream.replied(reply.rcodeNumber, this.startedAt);
    this.asker.replied(this, reply, message);
    return true;
  }

  failed(error: Error): void {
    if (this.ended) return;
    const { waiting } = this;
    this.end();
    this.upstream.failed(true);
    if (waiting) this.asker.failed(this, error.message);
  }

  private send(): void {
    this.id = randomId();
    this.link = this.upstream.channel(this.tcp).ask(writeQuery(this.query, this.id, this.plain), this);
  }

  private read(message: Buffer, verdict: 'reply' | 'bareError'): Reply | undefined {
    try {
      return readReply(message, verdict);
    } catch {
      // It may be forged: the real one can still come.
      this.asker.unreadable(this);
      return undefined;
    }
  }

  private arm(since: number): void {
    const at = this.plan.milestones[this.milestone] ?? this.plan.timeout;
    this.timer = setTimeout(() => this.tick(at), at - since).unref();
  }

  private tick(at: number): void {
    const { milestone } = this;
    if (milestone >= this.plan.milestones.length) {
      this.expire();
      return;
    }
    this.milestone++;
    this.arm(at);
    this.asker.overdue(this, milestone);
  }

  private expire(): void {
    this.waiting = false;
    this.upstream.failed(false);
    this.asker.failed(this, `${this.link?.describe() ?? ''}: i/o timeout`);
  }

  private end(): void {
    this.ended = true;
    this.waiting = false;
    clearTimeout(this.timer);
  }
}
