// Questions that are being asked: whoever asks the same meanwhile waits for the one answer.
import { EdnsOption, type Query } from 'ferrydns/plugin';
import type { Kept } from './cache.ts';
import { keyOf } from './store.ts';

interface Asked {
  readonly query: Query;
  readonly kept: Promise<Kept>;
}

export class Misses {
  private readonly asked = new Map<number, Asked>();

  /** What the question's answer will be, if somebody is asking it. */
  join(query: Query): Promise<Kept> | undefined {
    if (namesNetwork(query)) return undefined;
    const asked = this.asked.get(keyOf(query));
    return asked !== undefined && sameQuestion(asked.query, query) ? asked.kept : undefined;
  }

  /** Lets others wait for this answer until it is there. */
  lead(query: Query, kept: Promise<Kept>): void {
    if (namesNetwork(query)) return;
    const key = keyOf(query);
    const asked = { query, kept };
    this.asked.set(key, asked);
    const done = () => {
      if (this.asked.get(key) === asked) this.asked.delete(key);
    };
    kept.then(done, done);
  }
}

function sameQuestion(a: Query, b: Query): boolean {
  return (
    a.typeCode === b.typeCode &&
    a.classCode === b.classCode &&
    a.dnssecOk === b.dnssecOk &&
    a.checkingDisabled === b.checkingDisabled &&
    a.recursionDesired === b.recursionDesired &&
    a.nameLength === b.nameLength &&
    a.asksFor(b.nameBytes(), 0)
  );
}

/** Whether the answer may be for one network only (RFC 7871 section 7.3.1), so that nobody else may have it. */
function namesNetwork(query: Query): boolean {
  return query.edns && query.options.some(({ code }) => code === EdnsOption.CLIENT_SUBNET);
}
