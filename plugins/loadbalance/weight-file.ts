// The file of weights, and the weights as it says them now.
import { type Logger, WatchedFile } from 'ferrydns/plugin';
import { parseWeights, WeightTable } from './weight-table.ts';

export class WeightFile {
  readonly file: WatchedFile;
  /** The weights as read last; all are equal as long as the file has not been there. */
  table: WeightTable = new WeightTable();
  private readonly log: Logger;

  constructor(path: string, log: Logger) {
    this.file = new WatchedFile(path);
    this.log = log;
  }

  /** Reads the file for the first time; false when it cannot be read. Throws an Error that says which line is wrong. */
  read(): boolean {
    let content: Buffer | undefined;
    try {
      content = this.file.readChangeSync();
    } catch {
      return false;
    }
    this.table = parseWeights(String(content), this.file.path);
    return true;
  }

  /** Makes the weights those of this text. Throws an Error that says which line is wrong, and the weights stay as they were. */
  take(content: Buffer): void {
    this.table = parseWeights(content.toString('utf8'), this.file.path);
    this.log.info(`Successfully reloaded weight file ${this.file.path}`);
  }
}
