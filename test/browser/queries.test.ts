// The live log: it filters, it stands still when it is told to, and a hostile name does nothing.
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { consoleOf, openView, type View } from './page.ts';

const corefile = `.:0 {
  console 127.0.0.1:0
  querylog
  hosts {
    192.0.2.1 www.example.org
    192.0.2.2 shop.example.org
    no_reverse
  }
}\n`;

const names = ({ page }: View) => page.locator('.log tbody .name').allInnerTexts();

async function openLog(server: TestServer, query = ''): Promise<View> {
  const view = await openView(consoleOf(server), `queries${query}`);
  await view.page.getByRole('heading', { name: 'Queries', exact: true }).waitFor();
  return view;
}

test('queries appear as they come, and filters choose among them', async () => {
  await using server = await serve(corefile);
  await server.ask('www.example.org');
  await using view = await openLog(server);
  const { page } = view;
  await expect.poll(() => names(view)).toEqual(['www.example.org.']);
  await server.ask('shop.example.org');
  await expect.poll(() => names(view)).toEqual(['shop.example.org.', 'www.example.org.']);
  await page.getByLabel('Name', { exact: true }).fill('shop');
  await expect.poll(() => names(view)).toEqual(['shop.example.org.']);
  await server.ask('www.example.org');
  await server.ask('shop.example.org', 'AAAA');
  await expect.poll(() => names(view)).toEqual(['shop.example.org.', 'shop.example.org.']);
  await page.getByLabel('Type').selectOption('AAAA');
  await expect.poll(() => names(view)).toEqual(['shop.example.org.']);
  // The filters are in the address: a view can be handed on.
  expect(page.url()).toContain('#/queries?name=shop&type=AAAA');
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(async () => (await names(view)).length).toBe(4);
});

test('paused, the log stands still and says how much is new', async () => {
  await using server = await serve(corefile);
  await server.ask('www.example.org');
  await using view = await openLog(server);
  await expect.poll(() => names(view)).toEqual(['www.example.org.']);
  await view.page.keyboard.press('p');
  await server.ask('shop.example.org');
  await view.page.getByRole('button', { name: 'Go on (1 new)' }).waitFor();
  expect(await names(view)).toEqual(['www.example.org.']);
  await view.page.keyboard.press('p');
  await expect.poll(() => names(view)).toEqual(['shop.example.org.', 'www.example.org.']);
});

test('a hostile name is text: it runs nothing, moves nothing, and is seen', async () => {
  await using server = await serve(corefile);
  const hostile = [
    '<script>alert(1)</script>.example',
    '<img/src=x/onerror=alert(2)>.example',
    'a\\226\\128\\174gro.example',
    '\\027[31m\\000.example',
    `${'x'.repeat(60)}.`.repeat(4),
  ];
  for (const name of hostile) await server.ask(name);
  await using view = await openLog(server);
  const { page } = view;
  await expect.poll(async () => (await names(view)).length).toBe(hostile.length);
  expect(await names(view)).toContainEqual(expect.stringContaining('<script>alert'));
  // Whoever looks at one sees it in the window beside the page, and in its explanation.
  await page.locator('.log').getByRole('button', { name: '<img' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('server block').first().waitFor();
  expect(await dialog.innerText()).toContain('onerror=alert');
  expect(await page.locator('main img, dialog img, main script, dialog script').count()).toBe(0);
  // Nothing but letters that are seen: the marks that turn the direction of writing, and control characters, are shown by their numbers.
  expect(await page.locator('body').innerText()).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}]/u);
  expect(await view.overflow()).toBe(0);
});

test('a click opens the explanation of the question, and the keyboard comes back to where it was', async () => {
  await using server = await serve(corefile);
  await server.ask('www.example.org');
  await using view = await openLog(server);
  const { page } = view;
  await page.locator('.log').getByRole('button', { name: 'www.example.org.' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('www.example.org. 3600 IN A 192.0.2.1').waitFor();
  await dialog.getByText('answered NOERROR').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.evaluate('document.activeElement.textContent')).toBe('www.example.org.');
});

test('without a query log the page says which lines to add, and shows it when they are there', async () => {
  await using server = await serve(corefile.replace('  querylog\n', ''));
  await using view = await openView(consoleOf(server), 'queries');
  await view.page.getByRole('heading', { name: 'No queries are logged' }).waitFor();
  await server.reload(corefile);
  await server.ask('www.example.org');
  await expect.poll(() => names(view)).toEqual(['www.example.org.']);
});
