// One order of the records of a reply, encoded once and given to many.
import type { Query, Reply } from 'ferrydns/plugin';

export class Variant {
  private readonly base: Reply;
  private asked: Reply | undefined = undefined;
  private given: Reply;

  /** `base` has the records in this order. */
  constructor(base: Reply) {
    this.base = base;
    this.given = base;
  }

  /** A reply with the records of this variant; TTL, header bits and options are those of `reply`, which has the same records. */
  of(reply: Reply, query: Query): Reply {
    if (reply === this.asked) return this.given;
    // Encoded here, so that the copy for each new TTL shares the bytes.
    this.base.formFor(query);
    this.given = this.base.behind(reply);
    this.asked = reply;
    return this.given;
  }
}

/** Whether records that were put in order stand as before. */
export function sameOrder<T>(before: readonly T[], after: readonly T[]): boolean {
  return before.every((record, i) => record === after[i]);
}
