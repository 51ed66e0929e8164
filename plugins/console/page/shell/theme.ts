// Dark or light: as the machine says, unless the reader has chosen.
import { Cell } from '../server/cell.ts';
import { remembered, rememberWord } from './memory.ts';

export type Theme = 'as the system' | 'light' | 'dark';

const themes: readonly Theme[] = ['as the system', 'light', 'dark'];
export const theme = new Cell<Theme>(themes.find((each) => each === remembered('theme')) ?? 'as the system');
/** Goes up whenever colours change, so that drawings are made anew. */
export const colours = new Cell(0);

export function startTheme(): void {
  apply();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => colours.set(colours.value + 1));
}

export function nextTheme(): void {
  theme.set(themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'as the system');
  rememberWord('theme', theme.value);
  apply();
}

function apply(): void {
  if (theme.value === 'as the system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
  colours.set(colours.value + 1);
}

/** The colour that a custom property stands for now, as a drawing needs it. */
export function colourOf(property: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
