// Events as lines, to a file and to standard output.
import type { TakeEvents } from './batch.ts';
import { eventLine, type LineForm } from './event-line.ts';
import { RecordReader } from './record-reader.ts';

/** Takes lines, each with its end. */
export type TakeLines = (text: string, lines: number) => void;

/** Makes lines of events, many at a time. */
export function asLines(form: LineForm, takers: readonly TakeLines[]): TakeEvents {
  return (events) => {
    const record = new RecordReader(events);
    let text = '';
    let lines = 0;
    for (const at of events.starts()) {
      text += `${eventLine(form, record.look(at).event())}\n`;
      lines++;
    }
    for (const take of takers) take(text, lines);
  };
}
