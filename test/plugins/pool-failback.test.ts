// When the members that come first answer again after a backup member has taken over.
import { type PoolService, poolService } from 'ferrydns/built-in';
import { definePlugin, type Plugin } from 'ferrydns/plugin';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { stopTime } from '../support/migration.ts';
import { servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

afterEach(() => void vi.useRealTimers());

const first = '127.0.0.1';
const backup = '127.0.0.3';

describe('failback', () => {
  const pending = 'ferrydns_pool_failback_pending{pool="www.example.org."}';

  test.each(['failback auto', ''])('is at once by default (%s)', async (option) => {
    await using it = await withLivingBackup(option);
    await it.downAndUp();
    expect(await it.addresses('www.example.org')).toEqual([first]);
    expect(await it.metric(pending)).toBe(0);
  });

  test('after a time: the member must be well that long without a break', async () => {
    await using it = await withLivingBackup('failback after 60s');
    await it.downAndUp();
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    expect(await it.metric(pending)).toBe(1);
    await it.pass(50);
    await it.one.stop();
    await it.pass(6);
    await it.one.start();
    await it.pass(50);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    await it.pass(20);
    expect(await it.addresses('www.example.org')).toEqual([first]);
  });

  test('after a time happens although nobody asks', async () => {
    stopTime();
    await using it = await withLivingBackup('failback after 60s');
    await it.downAndUp();
    await it.pass(65);
    vi.advanceTimersByTime(1000);
    expect(await it.metric('ferrydns_pool_serving{by="members",pool="www.example.org.",records="address"}')).toBe(1);
    expect(await it.metric(pending)).toBe(0);
  });

  test('manual: the backup answers until somebody says so, or until it is down itself', async () => {
    await using it = await withLivingBackup('failback manual');
    await it.downAndUp();
    await it.pass(600);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    await it.spare.stop();
    await it.pass(6);
    expect(await it.addresses('www.example.org')).toEqual([first]);
  });

  test('by hand goes through the service that a pool offers other plugins', async () => {
    let service: PoolService | undefined;
    const finder = definePlugin({
      name: 'finder',
      summary: 'finds the pool of its block',
      config: {},
      setup: () => ({
        start(context) {
          service = context.peers(poolService).find(({ name }) => name === 'www.example.org.');
        },
      }),
    });
    await using it = await withLivingBackup('failback manual', { plugin: finder, directive: 'finder' });
    expect(service?.failback()).toBe(false);
    await it.downAndUp();
    expect(service?.healthy).toBe(true);
    expect(service?.addresses()).toEqual([backup]);
    expect(service?.members().map(({ member, state, serving }) => [member, state, serving])).toEqual([
      [first, 'up', false],
      [backup, 'up', true],
    ]);
    expect(service?.failback()).toBe(true);
    expect(await it.addresses('www.example.org')).toEqual([first]);
  });

  test('is remembered over a reload', async () => {
    await using it = await withLivingBackup('failback manual');
    await it.downAndUp();
    await it.server.reload(it.corefile.replace('pool www', 'pool other.example.org {\n member 192.0.2.9\n }\n pool www'));
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    expect(await it.metric(pending)).toBe(1);
  });

  test('is remembered over a reload that changes what the server block serves', async () => {
    await using it = await withLivingBackup('failback manual');
    await it.downAndUp();
    await it.server.reload(it.corefile.replace('. {', 'example.org {'));
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    expect(await it.metric(pending)).toBe(1);
  });

  test('is remembered by each of two pools of a name, in server blocks of their own', async () => {
    await using it = await withLivingBackup('failback manual');
    await it.downAndUp();
    const other = it.corefile.replace('. {', '192.in-addr.arpa {').replace(`member ${first}`, 'member 192.0.2.1');
    await it.server.reload(`${other}\n${it.corefile}`);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
    await it.server.reload(`${other}\n${it.corefile.replace('. {', 'example.org {')}`);
    await it.server.reload(`${it.corefile.replace('. {', 'example.org {')}\n${other}`);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
  });

  /** A member and a backup, both alive. */
  async function withLivingBackup(option: string, extra?: { readonly plugin: Plugin; readonly directive: string }) {
    const one = await tcpService({ address: first });
    const spare = await tcpService({ address: backup, port: one.port });
    const corefile = `. {
      pool www.example.org {
        member ${first}
        member ${backup} backup
        check tcp ${one.port} dwell 0s
        ${option}
      }
      ${extra?.directive ?? ''}
    }`;
    const pool = await servePools(corefile, extra === undefined ? [] : [extra.plugin]);
    return {
      ...pool,
      one,
      spare,
      corefile,
      async downAndUp() {
        await one.stop();
        await pool.pass(6);
        expect(await pool.addresses('www.example.org')).toEqual([backup]);
        await one.start();
        await pool.pass(5);
      },
      async [Symbol.asyncDispose]() {
        await pool[Symbol.asyncDispose]();
        await one.stop();
        await spare.stop();
      },
    };
  }
});
