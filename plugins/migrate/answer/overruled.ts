// Answers for moved names that did not come from the plan, and were not given: a person should know who gave them.
import type { Counter, Logger, Query } from 'ferrydns/plugin';

/** Texts that are logged, each once. */
const most = 100;

export class Overruled {
  /** The last one, in words; undefined: there was none. */
  last: string | undefined;
  private readonly counter: Counter;
  private readonly log: Logger;
  private readonly told = new Set<string>();

  constructor(counter: Counter, log: Logger) {
    this.counter = counter;
    this.log = log;
  }

  note({ name, exchange: { answeredBy } }: Query, plan: string): void {
    this.counter.add();
    const text = `'${answeredBy}' answered ${name} without the plan; the answer of the plan was given instead`;
    this.last = text;
    if (this.told.size >= most || this.told.has(text)) return;
    this.told.add(text);
    this.log.warn(`${plan}: ${text}`);
  }
}
