// Keys that lead somewhere. A person who speaks to the machine, or whose hand slips, can turn them off.
import { Cell } from '../server/cell.ts';
import { remembered, rememberWord } from './memory.ts';
import { linkTo, titles, views } from './route.ts';

export interface Shortcut {
  readonly key: string;
  readonly does: string;
  readonly act: () => void;
}

export const keysOn = new Cell(remembered('keys') !== 'off');
/** What the view that is shown adds. */
export const viewKeys = new Cell<readonly Shortcut[]>([]);

/** Everywhere: a number for each view. */
export const pageKeys: readonly Shortcut[] = views.map((view, i) => ({
  key: String(i + 1),
  does: `show ${titles[view]}`,
  act: () => {
    location.hash = linkTo(view);
  },
}));

export function setKeys(on: boolean): void {
  keysOn.set(on);
  rememberWord('keys', on ? 'on' : 'off');
}

/** Acts on keys until the returned function is called. `help` is for "?", which always works. */
export function listenToKeys(more: readonly Shortcut[]): () => void {
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (document.querySelector('dialog[open]') !== null) return;
    const found = [...viewKeys.value, ...more, ...pageKeys].find(({ key }) => key === event.key);
    if (found === undefined || (!keysOn.value && found.key !== '?')) return;
    event.preventDefault();
    found.act();
  };
  document.addEventListener('keydown', press);
  return () => document.removeEventListener('keydown', press);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
