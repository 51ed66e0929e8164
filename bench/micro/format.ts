// The table of a run of the micro benches.
import { number, table } from '../table.ts';
import type { Figures } from './bench.ts';

/** Markdown; with figures of an earlier run, the ratio to them: below one is faster now. */
export function formatFigures(figures: Figures, before?: Figures): string {
  const rows = Object.entries(figures).map(([name, { median, min, max }]) => {
    const earlier = before?.[name]?.median;
    const cells = [name, number(median, 0), `${number(min, 0)}–${number(max, 0)}`];
    return before === undefined ? cells : [...cells, number(median / (earlier ?? Number.NaN), 2)];
  });
  const headings = ['module: function', 'ns/call', 'least–greatest'];
  return table([before === undefined ? headings : [...headings, '÷ earlier'], ...rows]);
}
