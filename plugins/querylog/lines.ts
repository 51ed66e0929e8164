// Events as lines, to a file and to standard output.
import { Batch } from './batch.ts';
import { eventLine, type LineForm } from './event-line.ts';
import type { Outlet } from './log.ts';
import type { Area } from './record.ts';
import { RecordReader } from './record-reader.ts';

/** Takes lines, each with its end. */
export type TakeLines = (text: string, lines: number) => void;

/** Makes lines of events, many at a time. */
export class Lines implements Outlet {
  readonly area: Batch;

  constructor(form: LineForm, takers: readonly TakeLines[]) {
    const reader = (batch: Batch) => new RecordReader(batch);
    this.area = new Batch((batch) => {
      const record = reader(batch);
      let text = '';
      let lines = 0;
      for (const at of batch.starts()) {
        text += `${eventLine(form, record.look(at).event())}\n`;
        lines++;
      }
      for (const take of takers) take(text, lines);
    });
  }

  written(): void {}

  take(area: Area, at: number): void {
    this.area.take(area, at);
  }

  /** Writes what has come so far. */
  flush(): void {
    this.area.empty();
  }
}

/** In memory and as lines. */
export function both(memory: Outlet, lines: Outlet): Outlet {
  return {
    get area() {
      return memory.area;
    },
    written(at) {
      memory.written(at);
      lines.take(memory.area, at);
    },
    take(area, at) {
      memory.take(area, at);
      lines.take(area, at);
    },
  };
}
