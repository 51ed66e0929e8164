// Whoever has no mouse can do everything: here a move is started, and the page is walked through, by keys alone.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { A, name, there, upstreamOf } from '../support/moved-name.ts';
import { consoleOf, openView, type View } from './page.ts';

/** What has the keyboard now: its role in a word, and its text. */
const focused = ({ page }: View): Promise<string> =>
  page.evaluate(`(({ localName, ariaLabel, innerText }) => localName + ' ' + (ariaLabel ?? innerText ?? '').trim())(document.activeElement)`);

/** Presses Tab until this has the keyboard; a page that never gets there is an error. */
async function tabTo(view: View, wanted: RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if (wanted.test(await focused(view))) return;
    await view.page.keyboard.press('Tab');
  }
  throw new Error(`no way by Tab to ${wanted}, the last was ${await focused(view)}`);
}

test('a move is started by keys alone', async () => {
  await using server = await serve(`.:0 {\n console 127.0.0.1:0\n migrate ex.yaml\n forward . ${await upstreamOf(A)}\n}\n`, {
    files: { 'ex.yaml': there },
  });
  await server.ask(name);
  await using view = await openView(consoleOf(server), 'overview');
  const { page } = view;
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(view)).toBe('a Skip to the content');
  // Where the keyboard is can be seen.
  expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate('document.activeElement.localName')).toBe('main');
  await page.keyboard.press('3');
  await page.getByRole('button', { name: 'Start' }).waitFor();
  await tabTo(view, /^button Start$/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Start: ex' });
  await dialog.waitFor();
  await tabTo(view, /^input/);
  await page.keyboard.type('ann');
  await tabTo(view, /^button Start$/);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.track [aria-current=step]').getByText('lowering').waitFor();
  // The button is gone, and the keyboard is in the page still.
  await expect.poll(() => page.evaluate('document.activeElement.localName')).toBe('main');
  await page.locator('.history').getByText('ann').first().waitFor();
});

test('keys are listed, can be turned off, and never act while somebody writes', async () => {
  await using server = await serve('.:0 {\n console 127.0.0.1:0\n whoami\n}\n');
  await using view = await openView(consoleOf(server), 'overview');
  const { page } = view;
  await page.keyboard.press('6');
  await page.getByRole('heading', { name: 'Explain', exact: true }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('www.example.org');
  await page.keyboard.press('1');
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('www.example.org1');
  await page.keyboard.press('Enter');
  await page.getByText('The way of the question').waitFor();
  await page.getByRole('main').focus();
  await page.keyboard.press('t');
  await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('light');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await dialog.getByText('show Configuration').waitFor();
  await dialog.getByLabel(/Single keys do something/).uncheck();
  await page.keyboard.press('Escape');
  // A dialog that is closed has no role any more, a moment before it is gone.
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('1');
  await page.keyboard.press('?');
  await dialog.waitFor();
  expect(page.url()).toContain('#/explain');
});
