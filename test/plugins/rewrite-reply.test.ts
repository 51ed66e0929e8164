// rewrite: rules for replies (ttl, rcode, cname), and how a rewritten answer is kept.
import { definePlugin, type Handle, makeQuery, parseName, type Query, QueryError, Reply, record } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import rewrite from '../../plugins/rewrite/index.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

/** SVCB: priority 1, the target odd.new.test, and two parameters of which the second has the lower number. */
const malformed = '0001 036f6464036e6577047465737400 0002 0000 0001 0000'.replaceAll(' ', '');

const script = {
  'www.test A': {
    answer: ['www.test 300 CNAME web.test', 'web.test 300 CNAME edge.cdn.test', 'edge.cdn.test 60 A 192.0.2.7'],
    authority: ['test 300 NS ns.test'],
    additional: ['ns.test 300 A 192.0.2.53'],
  },
  'lost.test A': { rcode: 'NXDOMAIN', answer: ['lost.test 300 CNAME vanished.test'] },
  'new.test A': ['new.test 50 A 192.0.2.50'],
  'gone.test *': 'NXDOMAIN',
  'none.test *': { rcode: 'NXDOMAIN', authority: ['test 300 SOA ns.test host.test 1 2 3 4 60'] },
  'denied.test A': {
    rcode: 'NXDOMAIN',
    answer: ['denied.test 300 CNAME vanished.test'],
    authority: ['test 300 SOA ns.test host.test 1 2 3 4 60'],
  },
  'www.test CNAME': ['www.test 300 CNAME web.test'],
  'dead.test *': 'SERVFAIL',
  // Parameters that do not stand by growing numbers.
  'odd.new.test *': [`odd.new.test 300 SVCB \\# 24 ${malformed}`, `odd.new.test 300 TXT \\# 2 0561`],
};

let upstream: Upstream;
beforeEach(async () => {
  upstream = await startUpstream(script);
});
afterEach(() => upstream.stop());

const withRules = (...rules: readonly string[]): Promise<TestServer> =>
  serve(`.:0 {\n errors\n${rules.join('\n')}\n forward . ${upstream.endpoint}\n}`);

/** A plugin between rewrite and the end of the chain. */
const below = (name: string, handle: Handle) => ({
  plugin: definePlugin({ name, summary: 'answers by the test', config: {}, setup: () => ({ handle }) }),
  place: { before: 'whoami' },
});

describe('ttl', () => {
  const ttlsOf = async (...rules: readonly string[]): Promise<(string | undefined)[]> => {
    await using server = await withRules(...rules);
    const { answers, authorities, additionals } = await server.ask('www.test', 'A');
    return [...answers, ...authorities, ...additionals].map((line) => line.split(' ')[1]);
  };

  test.each([
    ['rewrite ttl www.test 30', ['30', '30', '30', '30', '30']],
    ['rewrite ttl www.test 100-200', ['200', '200', '100', '200', '200']],
    ['rewrite ttl www.test 100-', ['300', '300', '100', '300', '300']],
    ['rewrite ttl www.test -100', ['100', '100', '60', '100', '100']],
    ['rewrite ttl prefix www 30', ['30', '30', '30', '30', '30']],
    ['rewrite ttl suffix test 30', ['30', '30', '30', '30', '30']],
    ['rewrite ttl substring ww.test 30', ['30', '30', '30', '30', '30']],
    ['rewrite ttl regex ^w+ 30', ['30', '30', '30', '30', '30']],
    ['rewrite ttl other.test 30', ['300', '300', '60', '300', '300']],
  ])('%s', async (rule, expected) => {
    expect(await ttlsOf(rule)).toEqual(expected);
  });

  test('is set before the answer is renamed, in the order of the lines for the query', async () => {
    await using server = await withRules('rewrite continue ttl short.test 5', 'rewrite name short.test new.test');
    expect((await server.ask('short.test', 'A')).answers).toEqual(['short.test. 5 IN A 192.0.2.50']);
  });
});

describe('rcode', () => {
  test.each([
    ['gone.test', 'rewrite rcode gone.test NXDOMAIN NOERROR', 'NOERROR'],
    ['gone.test', 'rewrite rcode suffix test. 3 5', 'REFUSED'],
    ['dead.test', 'rewrite rcode regex ^dead SERVFAIL NXDOMAIN', 'NXDOMAIN'],
    ['dead.test', 'rewrite rcode exact dead.test NXDOMAIN NOERROR', 'SERVFAIL'],
    ['new.test', 'rewrite rcode new.test NOERROR REFUSED', 'REFUSED'],
  ])('%s with %s gives %s', async (name, rule, expected) => {
    await using server = await withRules(rule);
    expect((await server.ask(name, 'A')).rcode).toBe(expected);
  });

  test('sees the response code that the rest of the chain leaves to the server', async () => {
    const plugins = [below('declines', () => Reply.decline('SERVFAIL'))];
    await using server = await serve('.:0 {\n rewrite rcode a.test SERVFAIL NXDOMAIN\n declines\n}', { plugins });
    expect(await server.ask('a.test', 'A')).toMatchObject({ rcode: 'NXDOMAIN', flags: ['rd'] });
    expect(await server.ask('b.test', 'A')).toMatchObject({ rcode: 'SERVFAIL' });
  });

  test('sees the response code of a failure, whose reason is logged all the same', async () => {
    const fail = (): never => {
      throw new QueryError('SERVFAIL', 'the reason');
    };
    for (const [name, handle] of [
      ['throws', fail],
      ['rejects', async () => fail()],
    ] as const) {
      await using server = await serve(`.:0 {\n errors\n rewrite rcode a.test SERVFAIL NXDOMAIN\n ${name}\n}`, { plugins: [below(name, handle)] });
      expect((await server.ask('a.test', 'A')).rcode).toBe('NXDOMAIN');
      expect((await server.ask('b.test', 'A')).rcode).toBe('SERVFAIL');
      expect(server.lines.filter((line) => line.includes('the reason'))).toHaveLength(2);
    }
  });

  test('leaves silence alone', async () => {
    const plugins = [below('drops', () => Reply.drop)];
    await using server = await serve('.:0 {\n rewrite continue rcode a.test NOERROR REFUSED\n rewrite name a.test b.test\n drops\n}', { plugins });
    await expect(server.ask('a.test', 'A', { timeout: 100 })).rejects.toThrow('no reply');
  });
});

describe('cname', () => {
  test('points the alias at the new target and answers from there; the other sections stay', async () => {
    await using server = await withRules('rewrite cname web.test new.test');
    const answer = await server.ask('www.test', 'A');
    expect(answer.answers).toEqual(['www.test. 300 IN CNAME new.test.', 'new.test. 50 IN A 192.0.2.50']);
    expect(answer.authorities).toEqual(['test. 300 IN NS ns.test.']);
  });

  test.each([
    'exact edge.cdn.test new.test',
    'prefix edge.cdn new',
    'suffix edge.cdn.test. new.test.',
    'substring edge.cdn new',
    'regex ^edge\\.(.*)\\.test\\.$ new.test.',
  ])('keeps the aliases before it: %s', async (rule) => {
    await using server = await withRules(`rewrite cname ${rule}`);
    expect((await server.ask('www.test', 'A')).answers).toEqual([
      'www.test. 300 IN CNAME web.test.',
      'web.test. 300 IN CNAME new.test.',
      'new.test. 50 IN A 192.0.2.50',
    ]);
  });

  test('heals an alias whose target has vanished', async () => {
    await using server = await withRules('rewrite cname vanished.test new.test');
    expect(await server.ask('lost.test', 'A')).toMatchObject({
      rcode: 'NOERROR',
      answers: ['lost.test. 300 IN CNAME new.test.', 'new.test. 50 IN A 192.0.2.50'],
    });
  });

  test('has the response code of the new target', async () => {
    await using server = await withRules('rewrite cname web.test gone.test');
    expect(await server.ask('www.test', 'A')).toMatchObject({ rcode: 'NXDOMAIN', answers: ['www.test. 300 IN CNAME gone.test.'] });
  });

  test('has the SOA record of a new target that is denied, and not that of an old one', async () => {
    await using server = await withRules('rewrite continue cname web.test none.test', 'rewrite cname vanished.test new.test');
    expect(await server.ask('www.test', 'A')).toMatchObject({
      rcode: 'NXDOMAIN',
      authorities: ['test. 300 IN SOA ns.test. host.test. 1 2 3 4 60'],
    });
    expect(await server.ask('denied.test', 'A')).toMatchObject({ rcode: 'NOERROR', authorities: [] });
  });

  test.each(['new.test', 'none.test', 'dead.test', 'www.test'])('is not followed for who asks for the alias itself: to %s', async (target) => {
    await using server = await withRules(`rewrite cname web.test ${target}`);
    expect(await server.ask('www.test', 'CNAME')).toMatchObject({ rcode: 'NOERROR', answers: [`www.test. 300 IN CNAME ${target}.`] });
  });

  test('asks the whole server, so that the rules apply to the new target, too', async () => {
    await using server = await withRules('rewrite continue cname web.test other.test', 'rewrite name other.test new.test');
    expect((await server.ask('www.test', 'A')).answers).toEqual(['www.test. 300 IN CNAME other.test.', 'other.test. 50 IN A 192.0.2.50']);
  });

  test('further rules apply to all that was found', async () => {
    await using server = await withRules('rewrite continue ttl www.test 7', 'rewrite cname web.test new.test');
    expect((await server.ask('www.test', 'A')).answers).toEqual(['www.test. 7 IN CNAME new.test.', 'new.test. 7 IN A 192.0.2.50']);
  });

  describe('a row of aliases without an end', () => {
    /** Each name is an alias of the one that `next` says. */
    const ask = async (next: (name: string) => string, rules = 'rewrite cname suffix . .') => {
      const asked: string[] = [];
      const alias: Handle = ({ name }) => {
        asked.push(name);
        return Reply.answer([record({ name, type: 'CNAME', ttl: 50, data: next(name) })]);
      };
      await using server = await serve(`.:0 {\n errors\n ${rules}\n aliases\n}`, { plugins: [below('aliases', alias)] });
      const { rcode, answers, authorities, additionals } = await server.ask('a.test', 'A');
      return { rcode, records: answers.length + authorities.length + additionals.length, asked, log: server.lines.join('\n') };
    };
    const inTurn = (...names: string[]) => {
      const to = new Map(names.map((name, i) => [`${name}.test.`, `${names[(i + 1) % names.length]}.test.`]));
      return (name: string) => to.get(name) ?? 'a.test.';
    };

    test.each([
      ['to itself', inTurn('a'), ['a.test.']],
      ['over two replies', inTurn('a', 'b'), ['a.test.', 'b.test.']],
      ['over three replies', inTurn('a', 'b', 'c'), ['a.test.', 'b.test.', 'c.test.']],
      [
        'that does not lead back to where it began',
        (name: string) => (name === 'a.test.' ? 'b.test.' : inTurn('b', 'c')(name)),
        ['a.test.', 'b.test.', 'c.test.'],
      ],
    ])('%s is SERVFAIL without a record, at the first repetition', async (_, next, names) => {
      const { log, ...outcome } = await ask(next);
      expect(outcome).toEqual({ rcode: 'SERVFAIL', records: 0, asked: names });
      expect(log).toContain('leads back to itself');
    });

    test('of ever new names is SERVFAIL when the server has asked itself too often', async () => {
      const { log, asked, ...outcome } = await ask((name) => `n${name}`);
      expect(outcome).toEqual({ rcode: 'SERVFAIL', records: 0 });
      expect(asked).toHaveLength(17);
      expect(log).toContain('asked itself more than 16 times');
    });

    test('that a rule for names closes is one too', async () => {
      const { log, ...outcome } = await ask(() => 'a.test.', 'rewrite continue cname suffix . .\n rewrite name a.test inside.test');
      expect(outcome).toEqual({ rcode: 'SERVFAIL', records: 0, asked: ['inside.test.'] });
      expect(log).toContain('leads back to itself');
    });

    test('is none where two rules come to the same name', async () => {
      const address = record({ name: 'b.test.', type: 'A', ttl: 50, data: '192.0.2.1' });
      const alias: Handle = ({ name }) => Reply.answer([name === 'b.test.' ? address : record({ name, type: 'CNAME', ttl: 50, data: 'b.test.' })]);
      const rules = 'rewrite continue cname suffix . .\n rewrite continue cname suffix . .';
      await using server = await serve(`.:0 {\n ${rules}\n aliases\n}`, { plugins: [below('aliases', alias)] });
      expect((await server.ask('a.test', 'A')).answers).toEqual(['a.test. 50 IN CNAME b.test.', 'b.test. 50 IN A 192.0.2.1']);
    });

    test('a target that cannot be had is SERVFAIL without a record', async () => {
      const plugins = [
        below('aliases', ({ name }) =>
          name === 'a.test.' ? Reply.answer([record({ name, type: 'CNAME', ttl: 50, data: 'b.test.' })]) : Reply.decline('SERVFAIL'),
        ),
      ];
      await using server = await serve('.:0 {\n rewrite cname exact b.test c.test\n aliases\n}', { plugins });
      expect(await server.ask('a.test', 'A')).toMatchObject({ rcode: 'SERVFAIL', answers: [] });
    });
  });
});

describe('the work on an answer that is given again', () => {
  const client = { address: '192.0.2.99', port: 4711, family: 4, transport: 'udp', localAddress: '192.0.2.53', localPort: 53 } as const;
  const query = (name: string): Query => makeQuery({ name: parseName(name), type: 'A', client, receivedAt: 0 });
  const addresses = Reply.answer([record({ name: 'new.test.', type: 'A', ttl: 300, data: '192.0.2.1' })]);

  async function handleOf(...rules: readonly string[]): Promise<Handle> {
    const word = (text: string) => ({ text, place: { file: '', line: 1, column: 1, length: 0 }, quoted: false });
    const fail = (message: string): never => {
      throw new Error(message);
    };
    const uses = rules.map((rule) => ({ rule: rule.split(' ').map(word), lines: [] }));
    const instance = await rewrite.setup(uses, { fail } as never);
    if (instance.handle === undefined) throw new Error('rewrite has no handler');
    return instance.handle;
  }

  const answered = (handle: Handle, name: string, reply: Reply): Reply => {
    const result = handle(query(name), () => reply);
    if (result instanceof Promise) throw new Error('the answer was not at hand');
    return result;
  };

  test.each([
    'name old.test new.test',
    'name suffix old.test new.test answer auto',
    'name regex ^(old)\\.test {1}.new.test answer auto',
    'name prefix old new',
  ])('is done once for a cached answer: %s', async (rule) => {
    const handle = await handleOf(rule);
    const first = answered(handle, 'old.test', addresses.aged(30, 0));
    const second = answered(handle, 'old.test', addresses.aged(29, 0));
    expect(second.formFor(query('old.test'))).toBe(first.formFor(query('old.test')));
    expect([first.ttl, second.ttl]).toEqual([30, 29]);
  });

  test('is done once for a reply that a plugin keeps', async () => {
    const handle = await handleOf('name old.test new.test');
    expect(answered(handle, 'old.test', addresses)).toBe(answered(handle, 'old.test', addresses));
  });

  test('is not shared by two names that lead to one', async () => {
    const handle = await handleOf('name a.test new.test', 'name b.test new.test');
    const owners = ['a.test', 'b.test', 'a.test'].map((name) => answered(handle, name, addresses.aged(30, 0)).answers[0]?.name);
    expect(owners).toEqual(['a.test.', 'b.test.', 'a.test.']);
  });

  test('keeps flags and response code of each reply, and the bounds of a TTL', async () => {
    const handle = await handleOf('continue ttl old.test -10', 'name old.test new.test');
    const cached = answered(handle, 'old.test', addresses.aged(30, 0x0400));
    expect([cached.ttl, cached.authoritative, cached.answers[0]?.ttl]).toEqual([10, true, 10]);
    const gone = answered(handle, 'old.test', addresses.aged(5, 0).with({ rcode: 'NXDOMAIN' }));
    expect([gone.ttl, gone.authoritative, gone.rcode]).toEqual([5, false, 'NXDOMAIN']);
  });

  test('is none where no rule applies: the query and the reply pass as they are', async () => {
    const handle = await handleOf('name old.test new.test', 'name suffix .x.test .y.test answer auto', 'ttl a.test 5', 'type MX A');
    const asked = query('other.test');
    let seen: Query | undefined;
    const reply = handle(asked, (passed) => {
      seen = passed;
      return addresses;
    });
    expect(seen).toBe(asked);
    expect(reply).toBe(addresses);
  });
});

test.each([
  ['ttl', 'rewrite continue ttl suffix test 5-60'],
  ['name and its answers', 'rewrite name suffix old.test new.test answer auto'],
])('a rule for %s passes data on as it came that is no value of its type', async (_, rule) => {
  await using server = await withRules(rule, 'prometheus 127.0.0.1:0');
  for (const asked of ['odd.new.test', 'odd.old.test']) {
    const reply = await server.ask(asked, 'SVCB');
    if (rule.includes('ttl') && asked === 'odd.old.test') continue;
    expect([reply.rcode, reply.answers.length]).toEqual(['NOERROR', 2]);
  }
  expect(await server.metrics()).toMatch(/^coredns_panics_total 0$/m);
});
