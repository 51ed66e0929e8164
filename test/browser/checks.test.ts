// What is pasted is checked: a plan is drawn before it is used, a Corefile is compared with what runs, and errors are shown at their place.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { there } from '../support/moved-name.ts';
import { consoleOf, openView } from './page.ts';

const corefile = '.:0 {\n console 127.0.0.1:0\n querylog\n hosts {\n  192.0.2.1 www.example.org\n }\n}\n';

test('a plan file is checked, simulated and drawn', async () => {
  await using server = await serve(corefile);
  await using view = await openView(consoleOf(server), 'moves/%2B');
  const { page } = view;
  const field = page.getByLabel('Plan file');
  await field.fill(there.replace('mode: exclusive', 'mode: exclusiv'));
  await page.getByRole('button', { name: 'Check and simulate' }).click();
  await page.getByRole('button', { name: /^line 4/ }).click();
  // The cursor goes to the place of the error.
  expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Plan file');
  await field.fill(there);
  await page.getByRole('button', { name: 'Check and simulate' }).click();
  await page.getByText('the file is right').waitFor();
  await page.getByRole('img', { name: /Clients, by whom they use.*on A: 0 at the end/ }).waitFor();
  expect(await page.getByRole('region', { name: 'Phases to come' }).innerText()).toContain('flipping');
});

test('a Corefile is checked and compared with what runs', async () => {
  await using server = await serve(corefile);
  await server.ask('www.example.org');
  await using view = await openView(consoleOf(server), 'configuration');
  const { page } = view;
  await page.getByRole('button', { name: 'Begin with what runs' }).click();
  const field = page.getByLabel('Corefile to check');
  await expect.poll(() => field.inputValue()).toBe(corefile);
  await field.fill(corefile.replace('hosts', 'hostz'));
  await page.getByRole('button', { name: 'Check and compare' }).click();
  await page.getByText("Unknown directive 'hostz'").waitFor();
  await page.getByRole('button', { name: /^line 4/ }).waitFor();
  await field.fill(corefile.replace('192.0.2.1', '192.0.2.99'));
  await page.getByRole('button', { name: 'Check and compare' }).click();
  await page.getByText('it could be loaded').waitFor();
  const lines = page.getByRole('region', { name: 'Lines that differ' });
  await lines.getByText('192.0.2.99 www.example.org').waitFor();
  await page.getByRole('region', { name: 'Answers that change' }).getByText('192.0.2.99').waitFor();
  await field.fill(`${corefile}# ${'x'.repeat(70_000)}`);
  await page.getByRole('button', { name: 'Check and compare' }).click();
  await page.getByRole('alert').getByText('This text is too long to be checked here').waitFor();
});
