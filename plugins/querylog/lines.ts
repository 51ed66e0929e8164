// Events as lines, to a file and to standard output.
import type { TakeBatch } from './batch.ts';
import { eventLine, type LineForm } from './event-line.ts';
import { RecordReader } from './record-reader.ts';

/** Takes lines, each with its end. */
export type TakeLines = (text: string, lines: number) => void;

/** Makes lines of events, many at a time. */
export function asLines(form: LineForm, takers: readonly TakeLines[]): TakeBatch {
  return (batch) => {
    const record = new RecordReader(batch);
    let text = '';
    let lines = 0;
    for (const at of batch.starts()) {
      text += `${eventLine(form, record.look(at).event())}\n`;
      lines++;
    }
    for (const take of takers) take(text, lines);
  };
}
