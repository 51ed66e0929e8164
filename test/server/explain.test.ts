// What an explanation says of the way of a query: the server block, every plugin that had a part in the answer, and the answer.
import { definePlugin, type Explanation, Reply, readQuestion, record } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatExplanation } from '../../src/command/explain-text.ts';
import { startUpstream } from '../support/upstream.ts';

type Words = Parameters<typeof readQuestion>[0];

function explain({ server }: TestServer, words: Words): Promise<Explanation> {
  return server.own.explain(readQuestion(words));
}

function step(explanation: Explanation, plugin: string) {
  const found = explanation.steps.find((each) => each.plugin === plugin);
  if (found === undefined) throw new Error(`no step of ${plugin}`);
  return found;
}

const hosts = 'hosts {\n 192.0.2.1 www.example.org\n 192.0.2.2 www.example.org\n fallthrough\n }';

describe('the server block', () => {
  test('is the one with the longest zone that holds the name, and the others that hold it are told', async () => {
    await using server = await serve(`. {\n whoami\n}\nexample.org {\n ${hosts}\n}\nexample.net {\n whoami\n}`);
    const { block, otherBlocks, remarks } = await explain(server, { name: 'WWW.example.org' });
    expect(block).toEqual({ zone: 'example.org.', view: '', place: expect.stringMatching(/Corefile:4$/) });
    expect(otherBlocks.map(({ zone }) => zone)).toEqual(['.']);
    expect(remarks).toEqual([]);
  });

  test('for DS is the one of the zone above', async () => {
    await using server = await serve('example.org {\n whoami\n}\nsub.example.org {\n whoami\n}');
    const { block, otherBlocks, remarks } = await explain(server, { name: 'sub.example.org', type: 'DS' });
    expect(block?.zone).toBe('example.org.');
    expect(otherBlocks[0]?.zone).toBe('sub.example.org.');
    expect(remarks[0]).toContain('the zone above');
  });

  test('is none where no zone holds the name, or none is looked for', async () => {
    await using server = await serve('example.org {\n whoami\n}');
    const outside = await explain(server, { name: 'example.com' });
    expect(outside).toMatchObject({ block: null, steps: [], answer: { rcode: 'REFUSED' } });
    expect(outside.remarks).toEqual(['no zone of this listener holds the name: refused']);
    const transfer = await explain(server, { name: 'example.org', type: 'AXFR' });
    expect(transfer).toMatchObject({ block: null, steps: [], answer: { rcode: 'REFUSED' } });
  });

  test('is that of the listener that was named', async () => {
    await using server = await serve('. {\n bind 127.0.0.1\n whoami\n}\nexample.org {\n bind 127.0.0.2\n whoami\n}');
    expect(await explain(server, { name: 'example.org' })).toMatchObject({ server: 'dns://127.0.0.1:0', otherServers: ['dns://127.0.0.2:0'] });
    const other = await explain(server, { name: 'example.org', server: 'dns://127.0.0.2:0' });
    expect(other).toMatchObject({ server: 'dns://127.0.0.2:0', block: { zone: 'example.org.' } });
    await expect(explain(server, { name: 'example.org', server: 'dns://:7' })).rejects.toThrow(
      'no listener dns://:7, expected one of dns://127.0.0.1:0, dns://127.0.0.2:0',
    );
  });
});

describe('plugins', () => {
  test('are told in the order of the chain, with their place and what they did', async () => {
    await using server = await serve(`. {\n errors\n rewrite name old.example.org www.example.org\n cache 30\n ${hosts}\n whoami\n}`);
    const explanation = await explain(server, { name: 'old.example.org' });
    expect(explanation.steps.map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      ['errors', 'passed on'],
      ['rewrite', 'passed on'],
      ['cache', 'passed on'],
      ['hosts', 'answered'],
    ]);
    expect(explanation.steps.map(({ place }) => place.replace(/.*:/, ''))).toEqual(['2', '3', '4', '5']);
    expect(step(explanation, 'errors').did).toEqual(['passed it on']);
    const rewrite = step(explanation, 'rewrite');
    expect(rewrite.did[0]).toBe('changed the question: name old.example.org. -> www.example.org.');
    expect(rewrite.did[1]).toContain('answer with "old.example.org. A 192.0.2.1", "old.example.org. A 192.0.2.2"');
    expect(rewrite.notes).toEqual([expect.stringMatching(/^by the rule name old\.example\.org www\.example\.org \(.*Corefile:3\)$/)]);
    expect(step(explanation, 'cache').did).toContain('changed the reply: TTL 3600 -> 30');
    expect(step(explanation, 'hosts')).toMatchObject({ did: ['answered NOERROR, 2 records'], notes: ['the name has an entry in the configuration'] });
    expect(explanation.answer).toMatchObject({ rcode: 'NOERROR', flags: ['qr', 'aa', 'rd'] });
    expect(explanation.answer?.answers.toSorted()).toEqual(['old.example.org. 30 IN A 192.0.2.1', 'old.example.org. 30 IN A 192.0.2.2']);
  });

  test('that decline, fail or say nothing are told apart', async () => {
    const silent = definePlugin({ name: 'silent', summary: '', config: {}, setup: () => ({ handle: () => Reply.drop }) });
    const broken = definePlugin({
      name: 'broken',
      summary: '',
      config: {},
      setup: () => ({
        handle: () => {
          throw new TypeError('oops');
        },
      }),
    });
    const plugins = [silent, broken].map((plugin) => ({ plugin, place: { before: 'whoami' } }));
    const corefile = 'a {\n hosts {\n }\n}\nb {\n silent\n}\nc {\n broken\n}\nd {\n errors\n loop\n}';
    await using server = await serve(corefile, { plugins });
    expect(step(await explain(server, { name: 'x.a' }), 'hosts')).toMatchObject({ outcome: 'declined', did: ['declined to answer: SERVFAIL'] });
    expect(await explain(server, { name: 'x.b' })).toMatchObject({ steps: [{ outcome: 'silent' }], answer: null });
    const panic = await explain(server, { name: 'x.c' });
    expect(panic).toMatchObject({
      block: { zone: 'c.' },
      steps: [{ outcome: 'failed', did: ['failed unexpectedly: oops'] }],
      answer: { rcode: 'SERVFAIL' },
    });
    const end = await explain(server, { name: 'x.d' });
    expect(step(end, 'loop').did).toEqual(['passed it on, but no plugin is behind it']);
    expect(step(end, 'errors').did).toEqual(['made an answer of the failure behind it: SERVFAIL']);
    expect(server.lines.filter((line) => line.includes('plugin/errors'))).toEqual([]);
  });

  test('may ask the server in turn: that is told below them', async () => {
    const corefile =
      'example.org {\n rewrite cname exact target.example.org. www.example.net.\n alias\n}\nexample.net {\n hosts {\n 192.0.2.7 www.example.net\n }\n}';
    const alias = definePlugin({
      name: 'alias',
      summary: '',
      config: {},
      setup: () => ({ handle: ({ name }) => Reply.answer([record({ name, type: 'CNAME', ttl: 60, data: 'target.example.org.' })]) }),
    });
    await using server = await serve(corefile, { plugins: [{ plugin: alias, place: { before: 'whoami' } }] });
    const explanation = await explain(server, { name: 'www.example.org' });
    expect(explanation.steps.map(({ plugin }) => plugin)).toEqual(['rewrite', 'alias']);
    const [lookup] = step(explanation, 'rewrite').lookups;
    expect(lookup).toMatchObject({
      question: { name: 'www.example.net.' },
      block: { zone: 'example.net.' },
      steps: [{ plugin: 'hosts', outcome: 'answered' }],
    });
    expect(explanation.answer?.answers).toEqual(['www.example.org. 60 IN CNAME www.example.net.', 'www.example.net. 3600 IN A 192.0.2.7']);
    expect(formatExplanation(explanation)).toMatch(/ - asked the server in turn\n +question {2}www\.example\.net\. A/);
  });

  test('that are asked twice are told twice', async () => {
    const twice = definePlugin({
      name: 'twice',
      summary: '',
      config: {},
      setup: () => ({
        handle: async (query, next) => {
          await next(query);
          return next(query.with({ type: 'AAAA' }));
        },
      }),
    });
    await using server = await serve('. {\n twice\n whoami\n}', { plugins: [{ plugin: twice, place: { before: 'whoami' } }] });
    const explanation = await explain(server, { name: 'x' });
    expect(explanation.steps.map(({ plugin }) => plugin)).toEqual(['twice', 'whoami', 'whoami']);
    expect(step(explanation, 'twice').did).toEqual(['asked the plugins behind it again', 'changed the question: type A -> AAAA']);
  });

  test('see the client that was given', async () => {
    await using server = await serve('. {\n whoami\n}');
    const { client, answer } = await explain(server, { name: 'x', client: '2001:db8::7' });
    expect(client).toBe('2001:db8::7');
    expect(answer?.additionals[0]).toBe('x. 0 IN AAAA 2001:db8::7');
  });
});

describe('notes', () => {
  test('of cache: a miss, what is kept, and a hit with its age', async () => {
    let now = 0;
    await using server = await serve(`. {\n cache 30\n ${hosts}\n}`, { now: () => now });
    const question = { name: 'www.example.org' };
    expect(step(await explain(server, question), 'cache').notes).toEqual(['miss: nothing is kept', 'the answer is kept for 30 s as a success']);
    now = 12_000;
    const hit = await explain(server, question);
    expect(step(hit, 'cache')).toMatchObject({ outcome: 'answered', notes: ['hit: NOERROR kept 12 s ago for 30 s, 18 s left'] });
    // The client who asks now is given what the explanation has put there, with its age.
    expect((await server.ask('www.example.org')).answers[0]).toContain(' 18 IN A ');
  });

  test('of forward: the upstreams, whom it asked, and how long that took', async () => {
    const upstream = await startUpstream({ '* *': ['www.example.org 60 A 192.0.2.3'] });
    onTestFinished(() => upstream.stop());
    const { port } = upstream;
    await using server = await serve(`. {\n forward . 127.0.0.1:1 127.0.0.1:${port} {\n policy sequential\n }\n}`);
    const { notes } = step(await explain(server, { name: 'www.example.org' }), 'forward');
    expect(notes.slice(0, 4)).toEqual([
      'policy sequential',
      'upstream 127.0.0.1:1 is taken as up, no reply so far',
      `upstream 127.0.0.1:${port} is taken as up, no reply so far`,
      'asks 127.0.0.1:1',
    ]);
    expect(notes[4]).toMatch(/^127\.0\.0\.1:1 gave no reply: .*refused$/);
    expect(notes.at(-1)).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port} replied NOERROR after \\d+\\.\\d ms$`));
  });

  test('of pool: the members, and who is named', async () => {
    await using server = await serve('. {\n pool www.example.org {\n member 192.0.2.1 weight 3\n member 192.0.2.9 backup\n }\n}');
    const { notes } = step(await explain(server, { name: 'www.example.org' }), 'pool');
    expect(notes).toEqual([
      expect.stringMatching(/^policy [a-z_]+: the members that come first answer$/),
      'member 192.0.2.1 is up, weight 3',
      'member 192.0.2.9 is up, a backup, weight 1: left out',
      'names 192.0.2.1',
    ]);
    expect(await server.metrics()).not.toMatch(/^ferrydns_pool_answers_total\{.*\} 1$/m);
    await server.ask('www.example.org');
    expect(await server.metrics()).toMatch(/^ferrydns_pool_answers_total\{.*\} 1$/m);
  });
});

test('an explanation is not logged, and the answers to clients stay as they are', async () => {
  await using server = await serve(`. {\n log\n ${hosts}\n}`);
  const { answers } = await server.ask('www.example.org');
  await explain(server, { name: 'www.example.org' });
  expect((await server.ask('www.example.org')).answers).toEqual(answers);
  expect(server.lines.filter((line) => line.includes('www.example.org.'))).toHaveLength(2);
});

test('plugins ask for explanations by their start context', async () => {
  const { promise, resolve } = Promise.withResolvers<Explanation>();
  const asker = definePlugin({
    name: 'asker',
    summary: '',
    config: {},
    setup() {
      let explain: ((words: Words) => Promise<Explanation>) | undefined;
      return {
        start: (context) => {
          explain = (words) => context.explain(readQuestion(words));
        },
        serving: () => void explain?.({ name: 'x' }).then(resolve),
      };
    },
  });
  await using _ = await serve('. {\n asker\n whoami\n}', { plugins: [{ plugin: asker, place: { before: 'whoami' } }] });
  expect((await promise).steps.map(({ plugin }) => plugin)).toEqual(['whoami']);
});

test('a question that cannot be asked is refused with the reason', () => {
  expect(() => readQuestion({ name: 'a..b' })).toThrow('"a..b" is no domain name: empty label in name: a..b');
  expect(() => readQuestion({ name: 'x', type: 'FOO' })).toThrow('unknown type "FOO", expected one such as A, AAAA, MX or TYPE65280');
  expect(() => readQuestion({ name: 'x', type: 'OPT' })).toThrow('nobody can ask for records of type OPT');
  expect(() => readQuestion({ name: 'x', client: '10.0.0' })).toThrow('client "10.0.0" is no IP address');
  expect(readQuestion({ name: 'X.example', type: 'type28' })).toMatchObject({ name: 'x.example.', type: 'AAAA', client: '127.0.0.1' });
});
