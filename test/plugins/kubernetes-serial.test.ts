// The serial number of a cluster's zone is the time of its last change (RFC 1035, section 3.3.13): whoever has copied the zone sees by it whether the copy is old.
import { ask, freePort, serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { headless, namespace, service, slice } from '../support/cluster-objects.ts';
import { PlayedApi } from '../support/played-api.ts';
import { soon } from '../support/soon.ts';

const objects = [
  namespace('default', { dns: 'yes' }),
  service('default/web', ['10.0.0.10']),
  headless('default/db'),
  slice('default/db-1', 'db', ['172.16.0.1']),
];

const corefile = (port: number, api: PlayedApi, line = '') =>
  `cluster.local:${port} {\n bind 127.0.0.1\n ${line}\n kubernetes {\n  endpoint ${api.url}\n  namespace_labels dns=yes\n }\n}`;
const serialIn = ([record = '']: readonly string[]) => Number(record.split(' ')[6]);
const serialOf = async (server: TestServer) => serialIn((await server.ask('cluster.local', 'SOA')).answers);
/** Resolves when the clock shows another second than this one. */
const laterThan = (serial: number) => expect.poll(() => Math.trunc(Date.now() / 1000), soon).toBeGreaterThan(serial + 1);

test('it grows with every change of what is answered, and with nothing else', async () => {
  await using api = await PlayedApi.start(objects);
  const server = await serve(corefile(0, api));
  try {
    let known = await serialOf(server);
    const changes = [
      () => api.put(slice('default/db-1', 'db', ['172.16.0.2'])),
      () => api.put(service('default/new', ['10.0.0.11'])),
      () => api.delete(service('default/new', ['10.0.0.11'])),
      // All names of the namespace are gone, though no service is.
      () => api.put(namespace('default', { dns: 'no' })),
      () => api.put(namespace('default', { dns: 'yes' })),
    ];
    for (const change of changes) {
      await laterThan(known);
      change();
      await expect.poll(() => serialOf(server), soon).toBeGreaterThan(known);
      known = await serialOf(server);
    }
    await laterThan(known);
    // The same again, under another version, as a new list has it.
    api.put(slice('default/db-1', 'db', ['172.16.0.2']));
    const lists = () => api.asked.filter(({ query }) => query.get('sendInitialEvents') === 'true').length;
    const before = lists();
    api.compact();
    api.cut();
    await expect.poll(lists, soon).toBe(before + 3);
    await expect.poll(() => api.watching, soon).toBe(3);
    expect(await serialOf(server)).toBe(known);
  } finally {
    await server.stop();
  }
});

test('it is the same in every process, and a reload does not change it', async () => {
  await using api = await PlayedApi.start(objects);
  const port = await freePort();
  const server = await serve(corefile(port, api, 'multisocket 2'));
  // Each question comes from another port, so both processes get some.
  const serials = async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => ask({ port, name: 'cluster.local', type: 'SOA' })));
    return [...new Set(answers.map((each) => serialIn(each.answers)))];
  };
  try {
    const [known = 0, ...others] = await serials();
    expect(others).toEqual([]);
    await laterThan(known);
    await server.reload(corefile(port, api, 'multisocket 2\n cache 1'));
    expect(await serials()).toEqual([known]);
    api.put(slice('default/db-1', 'db', ['172.16.0.2']));
    await expect.poll(async () => (await serials()).every((each) => each > known), soon).toBe(true);
    expect(await serials()).toHaveLength(1);
  } finally {
    await server.stop();
  }
});
