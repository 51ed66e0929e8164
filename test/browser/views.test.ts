// Every view in both colours and on a narrow screen: nobody is kept out, nothing is wider than the window. With SCREENSHOTS=FOLDER they are kept.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serveBusy } from './busy-server.ts';
import { consoleOf, openView, type View } from './page.ts';

const folder = process.env['SCREENSHOTS'];

/** Each view, and what stands in it when it has been drawn. */
const views = [
  { name: 'move', view: 'moves/database', ready: 'Who still holds A' },
  { name: 'overview', view: 'overview', ready: 'The chain of plugins' },
  { name: 'queries', view: 'queries', ready: 'Heavy hitters' },
  { name: 'moves', view: 'moves', ready: 'A may be switched off' },
  { name: 'pools', view: 'pools', ready: 'The last hour' },
  { name: 'shadow', view: 'shadow', ready: 'Shadow' },
  { name: 'explain', view: 'explain?name=mail.example.net&type=A', ready: 'The way of the question' },
  { name: 'configuration', view: 'configuration', ready: 'What runs' },
] as const;

async function ready({ page }: View, words: string): Promise<void> {
  await page.getByRole('main').getByText(words).first().waitFor();
  // Charts are drawn in the frame after.
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
}

describe('every view', () => {
  test('keeps nobody out, light and dark, wide and narrow', async () => {
    const origin = consoleOf((await serveBusy()).running);
    for (const theme of ['light', 'dark'] as const) {
      for (const width of [1280, 380]) {
        await using view = await openView(origin, 'overview', { theme, width });
        for (const { name, view: address, ready: words } of views) {
          await view.show(address);
          await ready(view, words);
          const where = `${name}, ${theme}, ${width} pixels`;
          expect(await view.barriers(), where).toEqual([]);
          expect(await view.overflow(), where).toBe(0);
          await keep(view, name, { theme, width });
        }
      }
    }
  });
});

async function keep({ page }: View, name: string, { theme, width }: { readonly theme: string; readonly width: number }): Promise<void> {
  if (folder === undefined || (width < 1280 && theme === 'light')) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}-${width < 1280 ? 'narrow' : theme}.png`), fullPage: false });
}
