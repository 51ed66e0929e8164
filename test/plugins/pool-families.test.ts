// Pools whose members have different types of addresses.
import { expect, test } from 'vitest';
import { servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

const first = '127.0.0.1';
const backup = '127.0.0.9';
const six = '::1';
const name = 'www.example.org';

/** The services that are alive at first; all on one port. */
async function alive(...addresses: readonly string[]) {
  const [head = first, ...more] = addresses;
  const one = await tcpService({ address: head });
  const others = await Promise.all(more.map((address) => tcpService({ address, port: one.port })));
  const all = new Map([one, ...others].map((service, i) => [addresses[i] ?? '', service] as const));
  return {
    port: one.port,
    stop: async (address: string) => void (await all.get(address)?.stop()),
    start: async (address: string) => void (await all.get(address)?.start()),
    [Symbol.asyncDispose]: async () => void (await Promise.all([...all.values()].map((service) => service.stop()))),
  };
}

const serve = (port: number, ...lines: readonly string[]) =>
  servePools(`. {\n pool ${name} {\n ${lines.join('\n ')}\n check tcp ${port} dwell 0s\n admin 127.0.0.1:0\n }\n }`);

test('who asks for A gets the backup when the member with one is down, though one with AAAA is well', async () => {
  await using services = await alive(first, backup, six);
  await using pool = await serve(services.port, `member ${first}`, `member ${six}`, `member ${backup} backup`, 'failback manual');
  await pool.pass(4);
  expect([await pool.addresses(name), await pool.addresses(name, 'AAAA')]).toEqual([[first], [six]]);
  await services.stop(first);
  await pool.pass(6);
  expect([await pool.addresses(name), await pool.addresses(name, 'AAAA')]).toEqual([[backup], [six]]);
  expect(await pool.metric(`ferrydns_pool_serving{by="backup",pool="${name}.",records="A"}`)).toBe(1);
  expect(await pool.metric(`ferrydns_pool_serving{by="members",pool="${name}.",records="AAAA"}`)).toBe(1);
  await services.start(first);
  await pool.pass(6);
  expect(await pool.addresses(name)).toEqual([backup]);
});

test('a type of address whose members are all down has no records while members with the other one are well', async () => {
  await using services = await alive(first, six);
  await using pool = await serve(services.port, `member ${first}`, `member ${six}`, 'all_down hold');
  await pool.pass(4);
  await services.stop(six);
  await pool.pass(6);
  expect(await pool.addresses(name)).toEqual([first]);
  const { rcode, answers } = await pool.server.ask(name, 'AAAA');
  expect([rcode, answers]).toEqual(['NOERROR', []]);
  expect(await pool.addresses(name, 'ANY')).toEqual([first]);
  await services.stop(first);
  await pool.pass(6);
  expect([await pool.addresses(name), await pool.addresses(name, 'AAAA')]).toEqual([[first], [six]]);
  await services.start(six);
  await pool.pass(6);
  expect([await pool.addresses(name), await pool.addresses(name, 'AAAA')]).toEqual([[], [six]]);
  expect(await pool.addresses(name, 'ANY')).toEqual([six]);
});

test.each([
  ['on one line', [first, six], [`member ${first} ${six}`, `member ${backup} backup`]],
  ['with a backup of the other type alone', [first], [`member ${first}`, `member ${six} backup`]],
])('addresses of one machine move together: %s', async (_, machine, members) => {
  await using services = await alive(first, backup, six);
  await using pool = await serve(services.port, ...members, 'failback manual');
  await pool.pass(4);
  for (const address of machine) await services.stop(address);
  await pool.pass(6);
  const answered = [await pool.addresses(name), await pool.addresses(name, 'AAAA')];
  for (const address of machine) await services.start(address);
  await pool.pass(6);
  expect([await pool.addresses(name), await pool.addresses(name, 'AAAA')]).toEqual(answered);
  expect(answered.filter((list) => list.length === 0)).toHaveLength(1);
});
