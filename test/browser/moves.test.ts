// A whole exclusive move is watched and steered on the page.
import { freePort, serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { operatorToken, readerToken, tokenFiles } from '../support/console.ts';
import { A, name, there, upstreamOf } from '../support/moved-name.ts';
import { consoleOf, openView, type View } from './page.ts';

/** A server with a plan that takes seconds, and a console with these options. */
async function serveMove(options: readonly string[] = [], plan = there): Promise<TestServer> {
  const corefile = `.:0 {
    console 127.0.0.1:0 {
      ${options.join('\n      ')}
    }
    migrate ex.yaml
    forward . ${await upstreamOf(A)}
  }\n`;
  return await serve(corefile, { files: { 'ex.yaml': plan, ...tokenFiles } });
}

/** Presses the button of an order, and confirms it. */
async function order({ page }: View, label: string, by = 'ann'): Promise<void> {
  await page.getByRole('region', { name: 'Orders' }).getByRole('button', { name: label }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your name').fill(by);
  await dialog.getByRole('button', { name: label }).click();
  await dialog.waitFor({ state: 'detached' });
}

const phaseOf = ({ page }: View) => page.locator('.track [aria-current=step] .step-name').innerText();

test('from A to B: start, the countdown, the fence, the drain, and A may be switched off', async () => {
  await using server = await serveMove();
  await server.ask(name);
  await using view = await openView(consoleOf(server), 'moves/ex');
  const { page } = view;
  await expect.poll(() => phaseOf(view)).toBe('original');
  await order(view, 'Start');
  await expect.poll(() => phaseOf(view)).toBe('lowering');
  await server.ask(name);
  await expect.poll(() => page.getByRole('button', { name: 'Begin the countdown' }).isDisabled()).toBe(false);
  await order(view, 'Begin the countdown');
  await expect.poll(() => phaseOf(view)).toBe('done');
  await page.locator('.figure.good').getByText('now', { exact: true }).waitFor();
  // The plan has run through all phases, and the page says who began it.
  const history = page.locator('.history');
  await history.getByText('started').waitFor();
  expect(await history.innerText()).toContain('ann');
  await page.getByRole('img', { name: /Clients, that may hold an answer.*on A: .*on B: / }).waitFor();
});

test('an order that has to wait says why, and until when as the page tells all moments', async () => {
  await using server = await serveMove([], there.replace('ttl: 2', 'ttl: 300'));
  await server.ask(name);
  await using view = await openView(consoleOf(server), 'moves/ex');
  await order(view, 'Start');
  await expect.poll(() => phaseOf(view)).toBe('lowering');
  const refusal = view.page.locator('#why-not-advance');
  await refusal.locator('time').waitFor();
  expect(await refusal.innerText()).toMatch(/^not now: answers with the old TTL are still alive, until (\S+ )?\d\d:\d\d:\d\d$/);
  expect(await view.page.getByRole('button', { name: 'Begin the countdown' }).isDisabled()).toBe(true);
});

test('an order is for the epoch that was seen: when somebody else has rolled back meanwhile, it is refused', async () => {
  await using server = await serveMove();
  await server.ask(name);
  const origin = consoleOf(server);
  await using view = await openView(origin, 'moves/ex');
  await order(view, 'Start');
  await expect.poll(() => phaseOf(view)).toBe('lowering');
  await view.page.getByRole('button', { name: 'Pause' }).click();
  const dialog = view.page.getByRole('dialog');
  await dialog.getByText('For epoch 1, phase lowering').waitFor();
  const other = await fetch(`${origin}/migrations/ex/rollback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"epoch":1}',
  });
  expect(other.status).toBe(200);
  await dialog.getByText('The plan has gone on meanwhile: epoch 2').waitFor();
  await dialog.getByRole('button', { name: 'Pause' }).click();
  await dialog.getByText('The server refuses: the plan is in epoch 2, the command is for epoch 1').waitFor();
  await view.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await view.page.getByText('epoch 2', { exact: true }).waitFor();
});

test('of two who order the same at once one is heard, and the other is told', async () => {
  await using server = await serveMove();
  await server.ask(name);
  await using one = await openView(consoleOf(server), 'moves/ex');
  await using other = await openView(consoleOf(server), 'moves/ex');
  for (const { page } of [one, other]) await page.getByRole('button', { name: 'Start' }).click();
  const dialogs = [one, other].map(({ page }) => page.getByRole('dialog'));
  await Promise.all(dialogs.map((dialog) => dialog.getByRole('button', { name: 'Start' }).click()));
  // What a window says, nothing when it has closed.
  const told = async () => (await Promise.all(dialogs.map(async (dialog) => (await dialog.allInnerTexts()).join()))).sort();
  const refusal = /The server refuses: (another command is being carried out: start|already in lowering)/;
  await expect.poll(told).toEqual(['', expect.stringMatching(refusal)]);
});

test('with a token: a wrong one is refused, a reader sees everything and may order nothing, an operator may', async () => {
  await using server = await serveMove(['token operators', 'reader readers']);
  await using view = await openView(consoleOf(server), 'moves/ex');
  const { page } = view;
  const login = async (token: string) => {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
  };
  await login('not-the-token-at-all');
  await expect.poll(() => page.locator('#token-wrong').innerText()).not.toBe('');
  await login(readerToken);
  await page.getByText('read only').waitFor();
  await page.getByText('orders need the token of an operator').waitFor();
  expect(await page.getByRole('button', { name: 'Start' }).count()).toBe(0);
  // Who asks all the same, by the session of the page, is refused.
  const order = `fetch('/migrations/ex/start', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"epoch":1}' }).then(({ status }) => status)`;
  expect(await page.evaluate(order)).toBe(403);
  await page.getByRole('button', { name: 'Log out' }).click();
  await login(operatorToken);
  await expect.poll(() => page.getByRole('button', { name: 'Start' }).isDisabled()).toBe(false);
  // No token is in the address, in what scripts can read, or remembered.
  const seen = `${page.url()} ${await page.evaluate('document.cookie + JSON.stringify(localStorage)')}`;
  expect(seen).not.toContain(operatorToken);
});

test('a server that is gone is said to be, and is there again by itself', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const corefile = `.:0 {\n console ${address}\n migrate ex.yaml\n forward . ${await upstreamOf(A)}\n}\n`;
  const first = await serve(corefile, { files: { 'ex.yaml': there } });
  await using view = await openView(`http://${address}`, 'moves/ex');
  await expect.poll(() => phaseOf(view)).toBe('original');
  await first.stop();
  await view.page.getByRole('alert').getByText('The server is not heard since').waitFor();
  // What was seen last stays.
  expect(await phaseOf(view)).toBe('original');
  await using _ = await serve(corefile, { files: { 'ex.yaml': there } });
  await view.page.getByText('The server is not heard since').waitFor({ state: 'detached' });
  await expect.poll(() => view.page.getByRole('button', { name: 'Start' }).isEnabled()).toBe(true);
});
