// The figures in docs/reliability.md, between the marks that stand there for them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultResult, formatFault } from './report.ts';

const page = join(import.meta.dirname, '../docs/reliability.md');

/** Puts the results in the place of those that stand there. `place` is the name of the marks. */
export function writePage(place: 'figures' | 'soak', introduction: string, results: readonly FaultResult[]): void {
  const text = readFileSync(page, 'utf8');
  const [start, end] = [`<!-- ${place} -->\n`, `<!-- end of ${place} -->`];
  const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
  if (from < start.length || to < from) throw new Error(`${page} has no place for the ${place}`);
  const parts = [introduction, ...results.map(formatFault)];
  writeFileSync(page, `${text.slice(0, from)}\n${parts.join('\n\n')}\n\n${text.slice(to)}`);
}
