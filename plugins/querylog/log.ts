// One directive: chooses queries, and writes them where it says.
import type { Counter, Metrics, Query } from 'ferrydns/plugin';
import type { Answered } from './answered.ts';
import type { LogSettings } from './options.ts';
import { Origins } from './origins.ts';
import { type Area, type RecordForm, writeRecord } from './record.ts';

/** Where the events of a directive go in this process. */
export interface Outlet {
  /** Where they are written. */
  readonly area: Area;
  /** What is done with one that was written there. */
  written(at: number): void;
  /** Takes an event from another area. */
  take(area: Area, at: number): void;
}

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
  outlet: Outlet | undefined = undefined;
  private readonly form: RecordForm;
  private readonly metrics: LogMetrics;

  constructor(settings: LogSettings, metrics: LogMetrics) {
    this.settings = settings;
    this.form = { writeClient: settings.writeClient, origins: new Origins() };
    this.metrics = metrics;
  }

  record(query: Query, answered: Answered): void {
    const { outlet, settings } = this;
    if (outlet === undefined || !settings.selection.has(query, answered)) return;
    if (!settings.selection.draws()) {
      this.metrics.sampled.add();
      return;
    }
    outlet.written(writeRecord(outlet.area, this.form, query, answered));
    this.metrics.events.add();
  }
}
