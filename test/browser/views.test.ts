// Every view in both colours and on a narrow screen: nobody is kept out, nothing is wider than the window. With SCREENSHOTS=FOLDER they are kept.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BusyServer, serveBusy } from './busy-server.ts';
import { openView, type View } from './page.ts';

const folder = process.env['SCREENSHOTS'];

/** Each view, and what stands in it when it has been drawn. */
const views = [
  { name: 'move', view: 'moves/database', ready: 'Who still holds A' },
  { name: 'overview', view: 'overview', ready: 'The chain of plugins' },
  { name: 'queries', view: 'queries', ready: 'Heavy hitters' },
  { name: 'moves', view: 'moves', ready: 'A may be switched off' },
  { name: 'pools', view: 'pools', ready: 'The last hour' },
  { name: 'shadow', view: 'shadow', ready: 'What differs' },
  { name: 'explain', view: 'explain?name=mail.example.net&type=A', ready: 'The way of the question' },
  { name: 'configuration', view: 'configuration', ready: 'What runs' },
] as const;

async function ready({ page }: View, words: string): Promise<void> {
  await page.getByRole('main').getByText(words).first().waitFor();
  // Charts are drawn in the frame after.
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
}

let server: BusyServer;

beforeAll(async () => {
  // Who looks at the pictures wants to see an hour.
  server = await serveBusy(folder === undefined ? 2 : 60);
}, 600_000);
afterAll(() => server[Symbol.asyncDispose]());

describe.each(['light', 'dark'] as const)('in %s colours', (theme) => {
  test.each(views)('$name keeps nobody out', async ({ name, view: address, ready: words }) => {
    await using view = await openView(server.origin, address, { theme, now: Date.now() });
    await ready(view, words);
    // The same elements in other colours.
    expect(await view.barriers(theme === 'dark' ? ['color-contrast'] : undefined)).toEqual([]);
    expect(await view.overflow()).toBe(0);
    await keep(view, `${name}-${theme}`);
  });
});

describe('on a screen of 380 pixels', () => {
  test('nothing is wider than the screen, and the menu leads everywhere', async () => {
    await using view = await openView(server.origin, 'pools', { theme: 'dark', width: 380, height: 780, now: Date.now() });
    for (const { name, view: address, ready: words } of views) {
      await view.show(address);
      await ready(view, words);
      expect(await view.overflow(), name).toBe(0);
      if (name === 'move' || name === 'overview') await keep(view, `${name}-narrow`);
    }
    await view.page.getByRole('button', { name: 'Menu' }).click();
    expect(await view.barriers()).toEqual([]);
    await view.page.getByRole('link', { name: 'Pools' }).click();
    await ready(view, 'The last hour');
  });
});

async function keep({ page }: View, name: string): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
