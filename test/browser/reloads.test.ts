// A reload is shown where somebody looks: what it has changed, or why it was refused and what would come of it.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { consoleOf, openView } from './page.ts';

const corefile = (hosts: string) => `.:0 {\n console 127.0.0.1:0\n querylog\n reload 1h 0s {\n  guard 30%\n }\n hosts {\n  ${hosts}\n }\n}\n`;
const three = '192.0.2.1 a.example\n192.0.2.2 b.example\n192.0.2.3 c.example';

test('one that the guard has refused: the share, the names, and what -force would do', async () => {
  await using server = await serve(corefile(three));
  for (const name of ['a.example', 'b.example', 'c.example']) await server.ask(name);
  await using view = await openView(consoleOf(server), 'overview');
  const { page } = view;
  await page.getByRole('heading', { name: 'The chain of plugins' }).waitFor();
  expect(await page.getByText('has refused a reload').count()).toBe(0);
  await expect(server.reload(corefile('192.0.2.1 a.example'))).rejects.toThrow('2 of 3 names');
  await page.getByText('The guard has refused a reload').waitFor();
  await page.getByRole('link', { name: 'See why' }).click();
  await page.getByRole('heading', { name: 'The guard has refused the last reload' }).waitFor();
  await page.getByText('2 names of 3 (66.7%) would no longer be answered.').waitFor();
  const changes = page.getByRole('region', { name: 'Answers that change' });
  expect(await changes.innerText()).toMatch(/b\.example\. A\s+lost/i);
  expect(await changes.innerText()).toContain('192.0.2.3');
  await page.getByText('ferrydns reload -force would load it all the same: 2 names would lose answers').waitFor();
  expect(await view.barriers()).toEqual([]);
  // What is loaded after it leaves nothing of it.
  await server.reload(corefile(`${three}\n192.0.2.4 d.example`));
  await page.getByText('The guard has refused the last reload').waitFor({ state: 'detached' });
});

test('one that was loaded: when, the lines that have changed, and what the guard has foreseen', async () => {
  await using server = await serve(corefile(three));
  for (const name of ['a.example', 'b.example', 'c.example']) await server.ask(name);
  await using view = await openView(consoleOf(server), 'configuration');
  const { page } = view;
  await page.getByRole('heading', { name: 'What runs' }).waitFor();
  expect(await page.getByRole('heading', { name: 'Reloaded' }).count()).toBe(0);
  const before = Date.now();
  await server.reload(corefile(three.replace('192.0.2.3 ', '192.0.2.33 ')));
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Reloaded' }) });
  await panel.getByText('of 3 questions of the minutes before, 1 answered otherwise').waitFor();
  const at = Date.parse((await panel.locator('time').getAttribute('datetime')) ?? '');
  expect(at).toBeGreaterThanOrEqual(before);
  const lines = panel.getByRole('region', { name: 'What has changed in Corefile' });
  expect(await lines.locator('.gone').allInnerTexts()).toEqual([expect.stringContaining('192.0.2.3 c.example')]);
  expect(await lines.locator('.new').allInnerTexts()).toEqual([expect.stringContaining('192.0.2.33 c.example')]);
  expect(await panel.getByRole('region', { name: 'Answers that change' }).innerText()).toContain('192.0.2.33');
  expect(await view.barriers()).toEqual([]);
  expect(await view.overflow()).toBe(0);
});

test('one with an error: the error at its place', async () => {
  await using server = await serve(corefile(three));
  await using view = await openView(consoleOf(server), 'configuration');
  await expect(server.reload(corefile(three).replace('querylog', 'querylogg'))).rejects.toThrow('querylogg');
  await view.page.getByRole('heading', { name: 'The last reload was refused' }).waitFor();
  expect(await view.page.getByRole('region', { name: 'Why the reload was refused' }).innerText()).toMatch(/Corefile:3.*'querylogg'/s);
  expect(await view.overflow()).toBe(0);
});
