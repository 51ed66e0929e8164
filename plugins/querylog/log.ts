// One directive: chooses queries, and writes them where it says.
import type { Counter, Metrics, Query } from 'ferrydns/plugin';
import type { Answered } from './answered.ts';
import type { Batch } from './batch.ts';
import type { LogSettings } from './options.ts';
import { Origins } from './origins.ts';
import { type RecordForm, writeRecord } from './record.ts';

export class LogMetrics {
  readonly events: Counter;
  readonly sampled: Counter;
  readonly dropped: (values: Readonly<Record<'reason', string>>) => Counter;

  constructor(metrics: Metrics) {
    this.events = metrics.counter('ferrydns_querylog_events_total', 'Queries that became events of the query log.');
    this.sampled = metrics.counter('ferrydns_querylog_sampled_total', 'Queries that were chosen and are not in the sample.');
    this.dropped = metrics.counter(
      'ferrydns_querylog_dropped_total',
      'Events that were lost, by where: on the way from a worker process, or at a file that takes nothing.',
      ['reason'],
    );
  }
}

export class Log {
  readonly settings: LogSettings;
  /** Where its events are written in this process. */
  batch: Batch | undefined = undefined;
  private readonly form: RecordForm;
  private readonly metrics: LogMetrics;

  constructor(settings: LogSettings, metrics: LogMetrics) {
    this.settings = settings;
    this.form = { writeClient: settings.writeClient, origins: new Origins() };
    this.metrics = metrics;
  }

  record(query: Query, answered: Answered): void {
    const { batch, settings } = this;
    if (batch === undefined || !settings.selection.has(query, answered)) return;
    if (!settings.selection.draws()) {
      this.metrics.sampled.add();
      return;
    }
    writeRecord(batch, this.form, query, answered);
    this.metrics.events.add();
  }
}
