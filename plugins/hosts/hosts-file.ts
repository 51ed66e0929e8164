// A hosts file that is read again when its time or size has changed.
import { open } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { Logger, Metrics } from 'ferrydns/plugin';
import { type Parsing, parseInSlices } from './parse.ts';
import { HostsTable } from './table.ts';

interface HostsFileOptions extends Parsing {
  readonly log: Logger;
}

export class HostsFile {
  /** The entries as read last; none as long as the file has not been there. */
  table: HostsTable = new HostsTable();
  readonly path: string;
  private readonly options: HostsFileOptions;
  private stamp = '';
  /** Seconds since 1970 when the file that was read last was written. */
  private written = 0;
  private loading = false;
  private loaded = (): void => {};

  constructor(path: string, options: HostsFileOptions) {
    this.path = path;
    this.options = options;
  }

  /** Reads the file if it has changed since it was read last. One that is gone or cannot be read leaves the entries as they are. */
  async load(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      await this.readIfChanged();
    } finally {
      this.loading = false;
    }
  }

  /** Shows the metrics of the file from when it has been read on; `more` is the number of entries beside it. */
  report(metrics: Metrics, more: number): void {
    const labels = ['hostsfile'] as const;
    this.loaded = () => {
      const entries = metrics.gauge('coredns_hosts_entries', 'The combined number of entries in hosts and Corefile.', labels, 'max');
      entries({ hostsfile: this.path }, () => this.table.size + more);
      metrics.gauge('coredns_hosts_reload_timestamp_seconds', 'The timestamp of the last reload of hosts file.', () => this.written, 'max');
    };
    if (this.stamp !== '') this.loaded();
  }

  private async readIfChanged(): Promise<void> {
    const file = await open(this.path).catch(() => undefined);
    if (file === undefined) return;
    try {
      const { mtimeNs, size } = await file.stat({ bigint: true });
      const stamp = `${mtimeNs} ${size}`;
      if (stamp === this.stamp) return;
      // A directory reads as an error, which is no entries.
      const text = await file.readFile('utf8').catch(() => '');
      this.table = await this.parse(text);
      this.stamp = stamp;
      this.written = Number(mtimeNs) / 1e9;
      this.loaded();
      this.options.log.debug(`Parsed hosts file into ${this.table.size} entries`);
    } finally {
      await file.close();
    }
  }

  private async parse(text: string): Promise<HostsTable> {
    const slices = parseInSlices(text, this.options);
    let slice = slices.next();
    while (slice.done !== true) {
      await turn();
      slice = slices.next();
    }
    return slice.value;
  }
}
