// What a configuration would change, foreseen by questions that both answer.
import { definePlugin, type Outlook, type RecentQuestion, Reply } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { textSource } from '../../src/server/configuration.ts';
import { startUpstream } from '../support/upstream.ts';

async function ahead({ server, directory }: TestServer, corefile: string, questions: readonly RecentQuestion[]): Promise<Outlook> {
  return await server.lookAhead({ after: textSource(corefile.replaceAll('{{DIR}}', directory), 'New'), questions });
}

function asked(...names: string[]): RecentQuestion[] {
  return names.map((each) => {
    const [name = '', type = 'A'] = each.split(' ');
    return { name, type };
  });
}

describe('what both have at hand', () => {
  const old = `.:0 {
    hosts {
        192.0.2.1 www.example.org
        192.0.2.2 db.example.org
        192.0.2.3 old.example.org
    }
}`;

  test('is told by name: what stays, what changes and what is lost', async () => {
    await using server = await serve(old);
    const next = old.replace('192.0.2.2 db', '192.0.2.9 db').replace(/.*old.example.org\n/, '');
    const outlook = await ahead(server, next, asked('www.example.org.', 'db.example.org.', 'old.example.org.', 'no.example.org.'));
    expect(outlook).toMatchObject({ asked: 4, same: 2, sameSource: 0, changed: 2, unknown: 0, names: { answered: 3, lost: 1 } });
    expect(outlook.changes).toEqual([
      expect.objectContaining({
        name: 'old.example.org.',
        type: 'A',
        lost: true,
        before: 'NOERROR: old.example.org. 3600 IN A 192.0.2.3',
        after: 'SERVFAIL',
      }),
      expect.objectContaining({
        name: 'db.example.org.',
        lost: false,
        differences: [{ kind: 'answer', before: 'db.example.org. A 192.0.2.2', after: 'db.example.org. A 192.0.2.9' }],
      }),
    ]);
  });

  test('is asked under the views and rules of the client', async () => {
    await using server = await serve('.:0 {\n template ANY A { answer "{{ .Name }} 60 IN A 192.0.2.1" }\n}');
    const next = '.:0 {\n acl {\n block net 192.0.2.0/24\n }\n template ANY A { answer "{{ .Name }} 60 IN A 192.0.2.1" }\n}';
    const outlook = await ahead(server, next, [
      { name: 'a.example.', type: 'A', client: '192.0.2.7' },
      { name: 'a.example.', type: 'A', client: '198.51.100.7' },
    ]);
    expect(outlook.changes.map(({ client, lost, after }) => [client, lost, after])).toEqual([['192.0.2.7', true, 'REFUSED']]);
  });

  test('rules that ask again are followed in the new configuration alone', async () => {
    await using server = await serve('.:0 {\n template ANY A { answer "{{ .Name }} 60 IN A 192.0.2.1" }\n}');
    const next =
      '.:0 {\n rewrite name exact old.example new.example\n template ANY A new.example { answer "{{ .Name }} 60 IN A 192.0.2.2" }\n template ANY ANY { rcode NXDOMAIN }\n}';
    const outlook = await ahead(server, next, asked('old.example.', 'new.example.'));
    expect(outlook.changes.map(({ name, after }) => [name, after])).toEqual([
      ['old.example.', 'NOERROR: old.example. 60 IN A 192.0.2.2'],
      ['new.example.', 'NOERROR: new.example. 60 IN A 192.0.2.2'],
    ]);
  });

  test('a listener that goes away answers nothing', async () => {
    await using server = await serve('.:0 {\n whoami\n}');
    const outlook = await ahead(server, '.:53535 {\n whoami\n}', [{ name: 'www.example.org.', type: 'A', server: 'dns://127.0.0.1:0' }]);
    expect(outlook.changes[0]).toMatchObject({ after: 'no listener dns://127.0.0.1:0', differences: [{ kind: 'reply' }] });
  });

  test('a configuration that is refused says why, and the one that runs answers on', async () => {
    await using server = await serve(old);
    await expect(ahead(server, '. {\n whoaim\n}', asked('www.example.org.'))).rejects.toThrow(/New:2 - .*whoami/s);
    expect((await server.ask('www.example.org')).answers).toHaveLength(1);
  });
});

describe('what upstreams say', () => {
  const forward = (to: string, more = '') => `.:0 {\n cache\n forward . ${to}\n ${more}\n}`;

  test('is taken from the cache of what runs, and nobody is asked twice', async () => {
    await using upstream = await startUpstream({ '* A': ['www.example.org 300 A 192.0.2.1'] });
    await using server = await serve(forward(upstream.endpoint));
    await server.ask('www.example.org');
    const next = forward(upstream.endpoint, 'template ANY A { match ^x\\.\n rcode NXDOMAIN\n fallthrough\n }');
    const outlook = await ahead(server, next, asked('www.example.org.', 'x.example.org.'));
    expect(outlook).toMatchObject({ asked: 2, same: 1, unknown: 1, names: { answered: 1, lost: 0 } });
    expect(outlook.unknowns[0]).toMatchObject({
      name: 'x.example.org.',
      before: `what dns://${upstream.endpoint} says of x.example.org. A`,
      after: 'NXDOMAIN',
    });
    expect(upstream.asked).toHaveLength(1);
    expect(await server.metrics()).toContain('coredns_cache_requests_total{server="dns://127.0.0.1:0",view="",zones="."} 1');
  });

  test('is the same where the same ones are asked, and unknown where others are', async () => {
    await using upstream = await startUpstream({ '* A': ['www.example.org 300 A 192.0.2.1'] });
    await using server = await serve(forward(upstream.endpoint));
    expect(await ahead(server, forward(upstream.endpoint, 'loop'), asked('a.example.', 'b.example.'))).toMatchObject({ asked: 2, sameSource: 2 });
    expect(await ahead(server, forward('192.0.2.53'), asked('a.example.'))).toMatchObject({ asked: 1, unknown: 1 });
    expect(upstream.asked).toEqual([]);
  });

  test('is known to rules that ask for another name which is cached', async () => {
    await using upstream = await startUpstream({
      'www.example.org A': ['www.example.org 300 A 192.0.2.1'],
      '* *': { rcode: 'NXDOMAIN', authority: ['example.org 300 SOA a. b. 1 2 3 4 300'] },
    });
    await using server = await serve(forward(upstream.endpoint));
    await server.ask('www.example.org');
    await server.ask('old.example.org');
    const outlook = await ahead(server, forward(upstream.endpoint, 'rewrite name exact old.example.org www.example.org'), asked('old.example.org.'));
    expect(outlook.changes).toEqual([expect.objectContaining({ before: 'NXDOMAIN', after: 'NOERROR: old.example.org. 300 IN A 192.0.2.1' })]);
    expect(upstream.asked).toHaveLength(2);
  });

  test('a name that was answered lately is lost where it is denied then, although nothing is cached of it any more', async () => {
    await using upstream = await startUpstream({ '* A': ['www.example.org 300 A 192.0.2.1'] });
    await using server = await serve(forward(upstream.endpoint));
    const questions = [{ name: 'www.example.org.', type: 'A', answered: true }];
    const outlook = await ahead(server, 'example.net:0 {\n whoami\n}', questions);
    expect(outlook).toMatchObject({ changed: 1, names: { answered: 1, lost: 1 } });
    expect(outlook.changes[0]).toMatchObject({ lost: true, after: 'REFUSED' });
  });
});

describe('plugins that find out what they answer once they run', () => {
  const found: string[] = [];
  const discovering = definePlugin({
    name: 'discovering',
    summary: 'knows its answer once it has started',
    config: { args: {} },
    order: { before: 'cache' },
    setup() {
      let rcode: 'NXDOMAIN' | undefined;
      return {
        start: () => {
          found.push('start');
          rcode = 'NXDOMAIN';
        },
        handle: () => Reply.empty(rcode ?? 'SERVFAIL'),
      };
    },
  });

  test('are not started twice: with the same words what runs answers for them, with others it is not known', async () => {
    found.length = 0;
    await using server = await serve('.:0 {\n discovering\n}', { plugins: [discovering] });
    expect(await ahead(server, '.:0 {\n log\n discovering\n}', asked('a.example.'))).toMatchObject({ same: 1 });
    expect(await ahead(server, 'example:0 {\n discovering\n}', asked('a.example.'))).toMatchObject({ unknown: 1 });
    expect(found).toEqual(['start']);
  });
});
