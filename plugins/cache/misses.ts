// Questions that are being asked: whoever asks the same meanwhile waits for the one answer.
import { answersToo, type Query } from 'ferrydns/plugin';
import type { Kept } from './entry.ts';
import { demandsOf, keyOf, nameNetwork } from './key.ts';

/** A question that is being asked, and those who wait for its answer. */
export interface Asked {
  readonly query: Query;
  readonly demands: number;
  readonly key: number;
  waiting: PromiseWithResolvers<Kept> | undefined;
  /** The one behind it in its slot. */
  behind: Asked | undefined;
}

const slots = 1024;

export class Misses {
  /**
   * By the low bits of the key. A Map that so much goes through leaves tables behind which, once old, keep what was in them, and the tables that
   * came after, until the whole heap is collected.
   */
  private readonly asked = Array<Asked | undefined>(slots).fill(undefined);

  /** What the question's answer will be, if somebody is asking it who still waits. From then on the query that asks for it is cancelled only when both askers are gone. */
  join(query: Query): Promise<Kept> | undefined {
    const demands = demandsOf(query);
    const asked = nameNetwork(demands) ? undefined : this.find(query, demands);
    if (asked === undefined || !answersToo(asked.query, query)) return undefined;
    asked.waiting ??= Promise.withResolvers();
    return asked.waiting.promise;
  }

  /** Lets others wait for this answer until it is there; undefined when nobody else may have it. */
  lead(query: Query): Asked | undefined {
    const demands = demandsOf(query);
    // The answer may be for one network only, and then nobody else may have it (RFC 7871 section 7.3.1).
    if (nameNetwork(demands)) return undefined;
    const key = keyOf(query, demands);
    const asked = { query, demands, key, waiting: undefined, behind: this.asked[key & (slots - 1)] };
    this.asked[key & (slots - 1)] = asked;
    return asked;
  }

  answered(asked: Asked | undefined, kept: Kept): void {
    this.forget(asked);
    asked?.waiting?.resolve(kept);
  }

  failed(asked: Asked | undefined, error: unknown): void {
    this.forget(asked);
    asked?.waiting?.reject(error);
  }

  private find(query: Query, demands: number): Asked | undefined {
    const key = keyOf(query, demands);
    let asked = this.asked[key & (slots - 1)];
    while (asked !== undefined && !(asked.key === key && asked.demands === demands && sameQuestion(asked.query, query))) asked = asked.behind;
    return asked;
  }

  private forget(asked: Asked | undefined): void {
    if (asked === undefined) return;
    const slot = asked.key & (slots - 1);
    const first = this.asked[slot];
    if (first === asked) this.asked[slot] = asked.behind;
    else {
      let before = first;
      while (before !== undefined && before.behind !== asked) before = before.behind;
      if (before !== undefined) before.behind = asked.behind;
    }
    asked.behind = undefined;
  }
}

function sameQuestion(a: Query, b: Query): boolean {
  return a.typeCode === b.typeCode && a.classCode === b.classCode && a.nameLength === b.nameLength && a.asksFor(b.nameBytes(), 0);
}
