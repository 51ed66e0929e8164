// What a configuration would change, as a table.
import type { Outlook } from '../plugin/outlook.ts';
import { cut, table } from './text-table.ts';

/** What changes, what cannot be known, and how many questions there were of each kind. */
export function outlookText({ changes, unknowns, ...outlook }: Outlook): string {
  const changed = changes.map(({ name, type, lost, before, after }) => [name, type, lost ? 'lost' : 'changed', cut(before), cut(after)]);
  const unknown = unknowns.map(({ name, type, before, after }) => [name, type, 'unknown', cut(before), cut(after)]);
  const rows = [...changed, ...unknown];
  const lines = rows.length === 0 ? [] : [...table([['name', 'type', '', 'before', 'after'], ...rows]), ''];
  return `${[...outlook.warnings, ...lines, summary(outlook)].join('\n')}\n`;
}

function summary({ asked, same, sameSource, changed, unknown, names }: Omit<Outlook, 'changes' | 'unknowns'>): string {
  const kinds = [
    `${same} the same`,
    ...(sameSource > 0 ? [`${sameSource} that the same upstream or plugin answers`] : []),
    ...(unknown > 0 ? [`${unknown} that cannot be known before`] : []),
    `${changed} changed`,
  ];
  const lost = names.lost > 0 ? `; ${names.lost} of ${names.answered} names lose their answers` : '';
  return `${asked} questions: ${kinds.join(', ')}${lost}`;
}
