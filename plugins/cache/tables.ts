// The two tables, and what takes the place of what: of a question there is one answer or one denial, and beside it a failure at most.
import { nameHashOf } from 'ferrydns/built-in';
import { type Name, type Query, QueryClass } from 'ferrydns/plugin';
import type { Entry } from './entry.ts';
import { demandsOf, everyDemand, keyOf } from './key.ts';
import type { Rules } from './options.ts';
import { Store } from './store.ts';

export class Tables {
  /** Answers and referrals. */
  success: Store;
  /** Denials and failures. */
  denial: Store;
  private readonly rules: Rules;

  constructor(rules: Rules) {
    this.rules = rules;
    this.success = new Store(rules.success.capacity, rules.success.octets);
    this.denial = new Store(rules.denial.capacity, rules.denial.octets);
  }

  /** Goes on with what another cache by the same rules has kept. */
  adopt(other: Tables): void {
    this.success = other.success;
    this.denial = other.denial;
  }

  /** The entry that may be given, expired or not. A failure does not hide what was known before. */
  find(query: Query, now: number): Entry | undefined {
    const demands = demandsOf(query);
    const key = keyOf(query, demands);
    const success = this.success.get(key, query, demands);
    if (success !== undefined && this.isUsable(success, now)) return success;
    const denial = this.denial.get(key, query, demands);
    return denial !== undefined && this.isUsable(denial, now) ? denial : undefined;
  }

  /** Puts an entry in the place of what was known of its question. Returns how many others had to go for it, undefined when it gives way itself. */
  put(query: Query, entry: Entry, now: number): number | undefined {
    const demands = demandsOf(query);
    const key = keyOf(query, demands);
    if (entry.kind === 'failure') {
      const denial = this.denial.get(key, query, demands);
      const hides = denial !== undefined && denial.kind !== 'failure' && this.isUsable(denial, now);
      return hides ? undefined : this.denial.set(key, query, entry);
    }
    if (!this.forget(query, entry.answering, now)) return undefined;
    return (entry.kind === 'denial' ? this.denial : this.success).set(key, query, entry);
  }

  /**
   * Forgets what was known of a question, because a newer reply says something else. Returns false when it stays after all: an answer that may
   * still be given does under `serve_stale_policy prefer_positive`, unless the reply is `answering`, too.
   */
  forget(query: Query, answering: boolean, now: number): boolean {
    const demands = demandsOf(query);
    const key = keyOf(query, demands);
    if (this.rules.stale.preferPositive && !answering) {
      const known = this.success.get(key, query, demands);
      if (known?.answering === true && this.isUsable(known, now)) return false;
    }
    this.success.delete(key);
    this.denial.delete(key);
    return true;
  }

  /** Forgets all that is known of a question, whatever was asked of the server with it: it is no longer true. */
  forgetQuestion(name: Name, typeCode: number): void {
    const nameHash = nameHashOf(name);
    for (const demands of everyDemand) {
      const key = keyOf({ nameHash, typeCode, classCode: QueryClass.IN }, demands);
      this.success.delete(key);
      this.denial.delete(key);
    }
  }

  /** Whether it may be given at `now`, in time or stale. A failure is never stale data (RFC 8767 section 4). */
  private isUsable(entry: Entry, now: number): boolean {
    const remaining = entry.remaining(now);
    return remaining > 0 || (entry.kind !== 'failure' && -remaining < this.rules.stale.upTo);
  }
}
