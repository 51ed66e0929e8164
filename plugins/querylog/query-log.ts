// The logs of one server block: each query that was received is offered to them when its answer leaves, whoever gave it.
import { leaveTrail, Trail } from 'ferrydns/built-in';
import { headerLength, type Query, type Reply, type RequestObserver, type WireStep } from 'ferrydns/plugin';
import { Answered } from './answered.ts';

/** Where an event may go. */
export interface Recorder {
  record(query: Query, answered: Answered): void;
}

/** Octets of an OPT record without options. */
const optLength = 11;

/** What is known of the query that came last, so that most need no object of their own. */
class OwnTrail extends Trail {
  /** Whether a query has it that is not answered yet. */
  inUse = false;
}

export class QueryLog implements WireStep, RequestObserver {
  /** Whether it tells of queries that no server block answers. */
  tellsUnrouted = false;
  private readonly recorder: Recorder;
  private readonly clock: () => number;
  private readonly answered = new Answered(() => this.now());
  private trail = new OwnTrail(this);
  /** The trail of queries that are told already: what comes later goes nowhere. */
  private readonly told = new Trail(this);
  /** Milliseconds from the zero of the clock to 1970. */
  private epoch = 0;

  constructor(recorder: Recorder, clock: () => number) {
    this.recorder = recorder;
    this.clock = clock;
    this.setClock();
  }

  /** Looks at the time of day, which may have been set. */
  setClock(): void {
    this.epoch = Date.now() - this.clock();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.epoch + this.clock();
  }

  asked(query: Query): void {
    // Queries that are answered at once take turns with one: others keep theirs.
    if (this.trail.inUse) this.trail = new OwnTrail(this);
    else this.trail.clear();
    this.trail.inUse = true;
    leaveTrail(query, this.trail);
  }

  sending(message: Uint8Array, length: number, query: Query): number {
    const { trail } = query;
    // Of an answer of many messages the first one tells.
    if (trail?.log !== this || trail === this.told) return length;
    this.answered.read(message, length, query);
    this.tell(query);
    return length;
  }

  silent(query: Query): void {
    if (query.trail === this.told) return;
    this.answered.nothing();
    this.tell(query);
  }

  /** A query that no server block answers, or in whose chain a plugin panicked. */
  unrouted(query: Query, reply: Reply): void {
    const { trail } = query;
    const isMine = trail === undefined ? this.tellsUnrouted && !query.own : trail.log === this && trail !== this.told;
    if (!isMine || query.explained !== undefined) return;
    this.answered.bare(reply.rcodeNumber, headerLength + query.questionLength + (query.edns ? optLength : 0));
    this.tell(query);
  }

  panicked(): void {}

  private tell(query: Query): void {
    const { answered, trail } = this;
    answered.time = this.epoch + query.receivedAt;
    this.recorder.record(query, answered);
    if (query.trail === trail) trail.inUse = false;
    if (query.trail !== undefined) leaveTrail(query, this.told);
  }
}
