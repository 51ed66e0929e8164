// What the operator hears of plugins that do not answer.

import { formatDuration } from '../config/duration.ts';
import type { Query } from '../dns/query.ts';
import type { Logger } from '../log/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Step } from './chain.ts';
import { questionText } from './culprit.ts';

/** Milliseconds between two lines of the log: a plugin that hangs does so for every query. */
const pause = 1000;

/** Counts queries that a plugin has not answered in time, and logs them, in a line each second at most. */
export class LateReplies {
  private readonly log: Logger;
  private readonly counter;
  private silentUntil = 0;
  private untold = 0;

  constructor({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }) {
    const help = 'Queries that a plugin did not answer in time; the client got SERVFAIL.';
    this.log = log;
    this.counter = metrics.counter('ferrydns_queries_unanswered_total', help, ['server', 'zone', 'plugin']);
  }

  /** A query is given up after so many milliseconds; it was with this plugin. */
  note(query: Query, step: Step | undefined, milliseconds: number): void {
    const plugin = step?.name ?? '';
    this.counter({ server: query.server, zone: query.zone, plugin }).add();
    const now = performance.now();
    if (now < this.silentUntil) {
      this.untold++;
      return;
    }
    const place = step === undefined ? '' : ` (${step.place.file}:${step.place.line})`;
    const more = this.untold === 0 ? '' : `; so were ${this.untold} other queries before`;
    this.log.error(`plugin/${plugin}${place}: no reply to ${questionText(query)} within ${formatDuration(milliseconds)}, answered SERVFAIL${more}`);
    this.untold = 0;
    this.silentUntil = now + pause;
  }
}
