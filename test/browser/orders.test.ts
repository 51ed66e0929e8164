// Orders besides those that lead a plan on: the fence again, the way back behind one, a pool that goes back.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { kubeconfig, played } from '../support/cluster-plans.ts';
import { operatorToken, readerToken, tokenFiles } from '../support/console.ts';
import { A, name, there, upstreamOf } from '../support/moved-name.ts';
import { ServerProcess } from '../support/server-process.ts';
import { tcpService } from '../support/services.ts';
import { soon } from '../support/soon.ts';
import { consoleOf, openView, type View } from './page.ts';

/** Presses a button, and the one of the same words in the dialog that it opens. */
async function order({ page }: View, label: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: label }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your name').fill('ann');
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
}

/** A server with a plan whose fence is this line of its file. */
async function serveFenced(fence: string): Promise<TestServer> {
  const corefile = `.:0 {\n console 127.0.0.1:0\n migrate ex.yaml\n forward . ${await upstreamOf(A)}\n}\n`;
  const server = await serve(corefile, { files: { 'ex.yaml': there.replace('fence: [exec, /bin/true]', () => fence) } });
  await server.ask(name);
  return server;
}

async function beginCountdown(view: View): Promise<void> {
  const button = view.page.getByRole('button', { name: 'Begin the countdown' });
  await order(view, 'Start');
  await expect.poll(() => button.isEnabled(), soon).toBe(true);
  await order(view, 'Begin the countdown');
}

test('a fence that has failed says why, and is run again from the page', async () => {
  const fence = 'fence: [exec, /bin/sh, -c, "test -e {{DIR}}/open && exit 0; echo cannot reach firewall; exit 4"]';
  await using server = await serveFenced(fence);
  await using view = await openView(consoleOf(server), 'moves/ex');
  await beginCountdown(view);
  const { page } = view;
  await page.getByRole('alert').getByText('the fence failed (exit status 4: cannot reach firewall)').waitFor();
  await page.getByText('exit status 4: cannot reach firewall', { exact: true }).waitFor();
  writeFileSync(join(server.directory, 'open'), '');
  await order(view, 'Run the fence again');
  await page.getByText('has shut A', { exact: true }).waitFor();
  await expect.poll(() => page.locator('.track [aria-current=step] .step-name').innerText(), soon).toBe('done');
  expect(await page.getByRole('alert').count()).toBe(0);
});

test('a fence that may have run leads back to A only by who has seen that A is open', async () => {
  const fence = 'fence: [exec, /bin/sh, -c, "kill -TERM $$"]';
  await using server = await serveFenced(fence);
  await using view = await openView(consoleOf(server), 'moves/ex');
  await beginCountdown(view);
  const { page } = view;
  await page.getByText('cut short: it may have run').waitFor();
  await page.getByRole('button', { name: 'Roll back to A' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Roll back to A' }).click();
  // Nothing is ordered before the box is ticked.
  await dialog.locator('input:invalid').waitFor();
  expect(await page.getByText('epoch 2', { exact: true }).count()).toBe(0);
  await dialog.getByLabel('I have seen that A is open, after attempt 1').check();
  await dialog.getByRole('button', { name: 'Roll back to A' }).click();
  await page.getByText('epoch 2', { exact: true }).waitFor();
});

test('a replica that is gone is forgotten from the page, and the move goes on', async (context) => {
  const api = await played(context);
  const shared = (replica: string, ways: string) => `.:0 {
    ${ways}
    migrate www.example.org {
      plan www
      from 192.0.2.1
      to 198.51.100.1
      ttl 1
      transition_ttl 1
      slack 0s
      skew 100ms
      session 1s
      store configmap dns/moves
      kubeconfig {{DIR}}/config
      replica ${replica}
      ${replica === 'two' ? 'admin 127.0.0.1:0' : ''}
    }
  }\n`;
  const files = { config: kubeconfig(api) };
  await using server = await serve(shared('one', 'console 127.0.0.1:0'), { files });
  await using view = await openView(consoleOf(server), 'moves/www');
  const { page } = view;
  const table = page.getByRole('region', { name: 'Servers that share the plan' });
  const row = table.getByRole('row', { name: 'two' });
  await using other = await ServerProcess.start({ corefile: shared('two', 'bind 127.0.0.1').replace('{{DIR}}/', ''), files });
  await row.waitFor();
  await other.end('SIGKILL');
  await order(view, 'Start');
  await page.getByText('replica two does not obey the lowered TTL yet').first().waitFor();
  await row.getByText(/^\d+ s ago$/).waitFor();
  // The server that tells of the plan does not forget itself.
  expect(await table.getByRole('button').count()).toBe(1);
  await row.getByRole('button', { name: 'Forget two' }).click();
  const dialog = page.getByRole('dialog', { name: 'Forget two: www' });
  await dialog.getByText(/it was heard \d+ s ago/).waitFor();
  await dialog.getByRole('button', { name: 'Forget two' }).click();
  // Nothing is ordered before the box is ticked.
  await dialog.locator('input:invalid').waitFor();
  expect(await row.count()).toBe(1);
  await dialog.getByLabel('two is gone for good').check();
  await dialog.getByRole('button', { name: 'Forget two' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row.waitFor({ state: 'detached' });
  await expect.poll(() => page.getByRole('button', { name: 'Begin the transition' }).isEnabled(), soon).toBe(true);
  await page.locator('.history').getByText('replica two forgotten').waitFor();
  expect(await view.barriers()).toEqual([]);
});

test('a pool goes back to its first members by hand, at the word of an operator alone', async () => {
  const first = await tcpService({ address: '127.0.0.1' });
  const backup = await tcpService({ address: '127.0.0.2', port: first.port });
  onTestFinished(async () => {
    await first.stop();
    await backup.stop();
  });
  const corefile = `.:0 {
    console 127.0.0.1:0 {
      token operators
      reader readers
    }
    pool www.example.org {
      member 127.0.0.1
      member 127.0.0.2 backup
      policy failover
      failback manual
      ttl 1
      check tcp ${first.port} interval 100ms timeout 100ms fall 1 rise 1 dwell 0s
    }
  }\n`;
  await using server = await serve(corefile, { files: tokenFiles });
  const answered = async () => (await server.ask('www.example.org')).answers.join().split(' ').at(-1);
  await first.stop();
  await expect.poll(answered, soon).toBe('127.0.0.2');
  await first.start();
  await using view = await openView(consoleOf(server), 'pools');
  const { page } = view;
  const login = async (token: string) => {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
  };
  await login(readerToken);
  await page.getByText('members that come first are well again, and wait').waitFor();
  expect(await page.getByRole('button', { name: 'Fail back' }).count()).toBe(0);
  const asked = `fetch('/pools/www.example.org/failback', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then(({ status }) => status)`;
  expect(await page.evaluate(asked)).toBe(403);
  expect(await answered()).toBe('127.0.0.2');
  await page.getByRole('button', { name: 'Log out' }).click();
  await login(operatorToken);
  await order(view, 'Fail back');
  await page.getByText('members that come first are well again').waitFor({ state: 'detached' });
  await expect.poll(answered, soon).toBe('127.0.0.1');
});
