// What a real shadow has found is on the page, by kind, and leads to an explanation.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { consoleOf, openView } from './page.ts';

const hosts = (...lines: readonly string[]) => ` hosts {\n${lines.map((line) => `  ${line}\n`).join('')} }\n`;

test('what another server answers otherwise is shown, here and there', async () => {
  await using other = await serve(`.:0 {\n${hosts('192.0.2.99 www.example.org', '192.0.2.7 same.example.org')}}\n`);
  const own = hosts('192.0.2.1 www.example.org', '192.0.2.7 same.example.org', '192.0.2.8 missing.example.org');
  await using server = await serve(`.:0 {\n console 127.0.0.1:0\n shadow 127.0.0.1:${other.port} {\n  sample 100%\n }\n${own}}\n`);
  await using view = await openView(consoleOf(server), 'shadow');
  const { page } = view;
  await page.getByText('No difference so far.').waitFor();
  for (const name of ['www', 'same', 'missing']) await server.ask(`${name}.example.org`, 'A', { transport: 'tcp' });
  const table = page.getByRole('region', { name: 'The last differences' });
  await table.getByText('192.0.2.99').waitFor();
  await expect.poll(() => table.innerText()).toContain('missing.example.org.');
  const text = await table.innerText();
  expect(text).toContain('192.0.2.1');
  expect(text).not.toContain('same.example.org.');
  const onlyCodes = page.getByRole('button', { name: /^rcode 1/ });
  await onlyCodes.click();
  await expect.poll(() => table.innerText()).not.toContain('www.example.org.');
  await onlyCodes.click();
  await table.getByRole('link', { name: 'www.example.org.' }).click();
  await expect.poll(() => page.url()).toContain('explain');
  await page.getByText('192.0.2.1').first().waitFor();
});
