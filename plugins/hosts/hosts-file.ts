// A hosts file that is read again when it has changed.
import { setImmediate as turn } from 'node:timers/promises';
import { type Logger, type Metrics, WatchedFile } from 'ferrydns/plugin';
import { type Parsing, parseInSlices } from './parse.ts';
import { HostsTable } from './table.ts';

interface HostsFileOptions extends Parsing {
  readonly log: Logger;
}

export class HostsFile {
  /** The entries as read last; none as long as the file has not been there. */
  table: HostsTable = new HostsTable();
  readonly file: WatchedFile;
  private readonly options: HostsFileOptions;
  private isLoaded = false;
  private loaded = (): void => {};

  constructor(path: string, options: HostsFileOptions) {
    this.file = new WatchedFile(path);
    this.options = options;
  }

  get path(): string {
    return this.file.path;
  }

  /** Reads the file if it has changed since it was read last. One that is gone or cannot be read leaves the entries as they are. */
  async load(): Promise<void> {
    const content = await this.file.readChange().catch(() => undefined);
    if (content !== undefined) await this.take(content);
  }

  /** Makes the entries those of this text. */
  async take(content: Buffer): Promise<void> {
    this.table = await this.parse(content.toString('utf8'));
    this.isLoaded = true;
    this.loaded();
    this.options.log.debug(`Parsed hosts file into ${this.table.size} entries`);
  }

  /** Shows the metrics of the file from when it has been read on; `more` is the number of entries beside it. */
  report(metrics: Metrics, more: number): void {
    const labels = ['hostsfile'] as const;
    this.loaded = () => {
      const entries = metrics.gauge('coredns_hosts_entries', 'The combined number of entries in hosts and Corefile.', labels, 'max');
      entries({ hostsfile: this.path }, () => this.table.size + more);
      const written = () => (this.file.writtenAt ?? 0) / 1000;
      metrics.gauge('coredns_hosts_reload_timestamp_seconds', 'The timestamp of the last reload of hosts file.', written, 'max');
    };
    if (this.isLoaded) this.loaded();
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
