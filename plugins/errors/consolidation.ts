// Counts errors that look alike, and says after a while how many there were.
import { formatDuration } from 'ferrydns/plugin';
import type { RE2JS } from 're2js';

/** The longest that a timer of the platform can wait, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

export interface ConsolidationOptions {
  /** Milliseconds from the first error to the line about all of them. */
  readonly period: number;
  readonly pattern: RE2JS;
  /** Whether the first error of a period is printed as it stands besides. */
  readonly showFirst: boolean;
  print(message: string): void;
}

export class Consolidation {
  private readonly options: ConsolidationOptions;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(options: ConsolidationOptions) {
    this.options = options;
  }

  fits(message: string): boolean {
    return this.options.pattern.test(message);
  }

  /** Counts an error that fits; false when it is to be printed all the same. */
  takes(): boolean {
    if (this.stopped) return false;
    this.count++;
    if (this.count > 1) return true;
    this.timer = setTimeout(() => this.report(), Math.min(this.options.period, longestTimer));
    this.timer.unref();
    return !this.options.showFirst;
  }

  print(message: string): void {
    this.options.print(message);
  }

  /** Says what was counted so far; what comes later is not counted any more. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.report();
  }

  private report(): void {
    const { count } = this;
    const { period, pattern, showFirst } = this.options;
    this.count = 0;
    if (count > (showFirst ? 1 : 0)) this.print(`${count} errors like '${pattern.pattern()}' occurred in last ${formatDuration(period)}`);
  }
}
