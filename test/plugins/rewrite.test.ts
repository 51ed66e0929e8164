// rewrite: names on the way in and on the way out.
import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Asked, startUpstream, type Upstream } from '../support/upstream.ts';

/** Answers every question under the name that was asked for. */
const named = (make: (name: string) => readonly string[]) => (asked: Asked) => ({ answer: make(asked.message.questions[0]?.name ?? '') });
const echo = {
  'alias.new.test A': {
    answer: ['alias.new.test 300 CNAME web.new.test', 'web.new.test 300 CNAME edge.cdn.test', 'edge.cdn.test 60 A 192.0.2.7'],
    authority: ['new.test 300 NS ns.new.test'],
    additional: ['ns.new.test 300 A 192.0.2.53'],
  },
  'shouting.new.test A': ['Shouting.NEW.test 60 A 192.0.2.1'],
  '* A': named((name) => [`${name} 300 A 192.0.2.1`]),
  '* SRV': named((name) => [`${name} 300 SRV 1 2 80 ${name}`]),
  '* MX': named((name) => [`${name} 300 MX 10 mail.${name}`]),
  '* NS': named((name) => [`${name} 300 NS ns.${name}`]),
  '* PTR': named((name) => [`${name} 300 PTR host.${name}`]),
  '* CNAME': named((name) => [`${name} 300 CNAME to.${name}`]),
  '* DNAME': named((name) => [`${name} 300 DNAME to.${name}`]),
  '* SOA': named((name) => [`${name} 300 SOA ns.${name} mailbox.${name} 1 2 3 4 5`]),
  '* NAPTR': named((name) => [`${name} 300 NAPTR 1 2 "s" "SIP" "" _sip.${name}`]),
  '* TXT': named((name) => [`${name} 300 TXT "${name}"`]),
};

let upstream: Upstream;
beforeEach(async () => {
  upstream = await startUpstream(echo);
});
afterEach(() => upstream.stop());

const withRules = (...rules: readonly string[]): Promise<TestServer> =>
  serve(`.:0 {\n errors\n${rules.join('\n')}\n forward . ${upstream.endpoint}\n}`);
const askedNames = (): string[] => upstream.asked.map(({ message }) => message.questions[0]?.name ?? '');

describe('exact', () => {
  test('asks for the other name and answers under the one that was asked for', async () => {
    await using server = await withRules('rewrite name old.test new.test');
    expect((await server.ask('old.test', 'A')).answers).toEqual(['old.test. 300 IN A 192.0.2.1']);
    expect(askedNames()).toEqual(['new.test.']);
  });

  test('does not touch names below it or beside it', async () => {
    await using server = await withRules('rewrite name exact old.test new.test');
    for (const name of ['www.old.test', 'old.test.example', 'gold.test']) {
      expect((await server.ask(name, 'A')).answers).toEqual([`${name}. 300 IN A 192.0.2.1`]);
    }
    expect(askedNames()).toEqual(['www.old.test.', 'old.test.example.', 'gold.test.']);
  });

  test('matches whatever the letter case and gives the question back as it was asked', async () => {
    await using server = await withRules('rewrite name old.test NEW.test');
    const { wire } = await server.ask('OLD.Test', 'A');
    expect(wire.toString('latin1', 13, 16)).toBe('OLD');
    expect(askedNames()).toEqual(['new.test.']);
  });

  test.each([
    ['SRV', 'old.test. 300 IN SRV 1 2 80 old.test.'],
    ['MX', 'old.test. 300 IN MX 10 mail.old.test.'],
    ['NS', 'old.test. 300 IN NS ns.old.test.'],
    ['PTR', 'old.test. 300 IN PTR host.old.test.'],
    ['CNAME', 'old.test. 300 IN CNAME to.old.test.'],
    ['DNAME', 'old.test. 300 IN DNAME to.old.test.'],
    ['NAPTR', 'old.test. 300 IN NAPTR \\# 26 0001000201730353495000045f736970036f6c64047465737400'],
  ])('renames the name in the data of %s records', async (type, expected) => {
    await using server = await withRules('rewrite name old.test new.test');
    expect((await server.ask('old.test', type)).answers).toEqual([expected]);
  });

  test('renames the primary server of an SOA record, not its mailbox', async () => {
    await using server = await withRules('rewrite name old.test new.test');
    expect((await server.ask('old.test', 'SOA')).answers).toEqual(['old.test. 300 IN SOA ns.old.test. mailbox.new.test. 1 2 3 4 5']);
  });

  test('leaves text alone', async () => {
    await using server = await withRules('rewrite name old.test new.test');
    expect((await server.ask('old.test', 'TXT')).answers).toEqual(['old.test. 300 IN TXT "new.test."']);
  });

  test('works from the root and to it', async () => {
    await using server = await withRules('rewrite name . new.test', 'rewrite name old.test .');
    expect((await server.ask('.', 'SOA')).answers).toEqual(['. 300 IN SOA ns. mailbox.new.test. 1 2 3 4 5']);
    expect((await server.ask('old.test', 'A')).answers).toEqual(['old.test. 300 IN A 192.0.2.1']);
  });
});

describe('prefix, suffix and substring', () => {
  test('a prefix ends at the border of a label', async () => {
    await using server = await withRules('rewrite name prefix foo bar');
    await server.ask('foo.example.test', 'A');
    await server.ask('foobar.example.test', 'A');
    await server.ask('a.foo.example.test', 'A');
    expect(askedNames()).toEqual(['bar.example.test.', 'foobar.example.test.', 'a.foo.example.test.']);
  });

  test('a suffix without a dot in front matches within a label', async () => {
    await using server = await withRules('rewrite name suffix old.test new.test');
    await server.ask('www.old.test', 'A');
    await server.ask('myold.test', 'A');
    await server.ask('old.test.example', 'A');
    expect(askedNames()).toEqual(['www.new.test.', 'mynew.test.', 'old.test.example.']);
  });

  test('every occurrence of a substring is replaced', async () => {
    await using server = await withRules('rewrite name substring svc $&');
    await server.ask('svc.asvc.test', 'A');
    expect(askedNames()).toEqual(['\\$&.a\\$&.test.']);
  });

  test('without `answer` the records keep the name that was looked up', async () => {
    await using server = await withRules('rewrite name suffix .old.test .new.test');
    expect((await server.ask('www.old.test', 'A')).answers).toEqual(['www.new.test. 300 IN A 192.0.2.1']);
  });

  test('`answer auto` exchanges suffixes in all sections, owners and data', async () => {
    await using server = await withRules('rewrite name suffix .old.test .new.test answer auto');
    const answer = await server.ask('alias.old.test', 'A');
    expect(answer.answers).toEqual([
      'alias.old.test. 300 IN CNAME web.old.test.',
      'web.old.test. 300 IN CNAME edge.cdn.test.',
      'edge.cdn.test. 60 IN A 192.0.2.7',
    ]);
    expect(answer.authorities).toEqual(['new.test. 300 IN NS ns.old.test.']);
    expect(answer.additionals).toEqual(['ns.old.test. 300 IN A 192.0.2.53']);
  });

  test('`answer auto` finds suffixes whatever their letter case', async () => {
    await using server = await withRules('rewrite name suffix .old.test .new.test answer auto');
    expect((await server.ask('shouting.old.test', 'A')).answers).toEqual(['shouting.old.test. 60 IN A 192.0.2.1']);
  });

  test('`answer auto` of a prefix maps the new name, and names below it, to the old one', async () => {
    await using server = await withRules('rewrite name prefix foo bar answer auto');
    expect((await server.ask('foo.example.test', 'MX')).answers).toEqual(['foo.example.test. 300 IN MX 10 mail.foo.example.test.']);
  });
});

describe('regex', () => {
  test('fills groups in; the match need not cover the name', async () => {
    await using server = await withRules('rewrite name regex (.*)-(us-west-1)\\.test {1}.service.{2}.consul');
    await server.ask('ftp-us-west-1.test', 'A');
    await server.ask('ftp-us-east-1.test', 'A');
    expect(askedNames()).toEqual(['ftp.service.us-west-1.consul.', 'ftp-us-east-1.test.']);
  });

  test('{0} is the whole match and a group that took no part is empty', async () => {
    await using server = await withRules('rewrite name regex (a)()(z)?\\.test\\. {1}x{3}.{0}new');
    await server.ask('a.test', 'A');
    expect(askedNames()).toEqual(['ax.a.test.new.']);
  });

  test('`answer name` and `answer value` change owners and data by patterns', async () => {
    await using server = await withRules(
      'rewrite stop {',
      'name regex (.*)\\.old\\.test {1}.new.test',
      'answer name (.*)\\.new\\.test {1}.old.test',
      'answer value (.*)\\.new\\.test {1}.moved.test',
      '}',
    );
    expect((await server.ask('www.old.test', 'MX')).answers).toEqual(['www.old.test. 300 IN MX 10 mail.www.moved.test.']);
  });

  test('the word `answer` may be left out after the first one', async () => {
    await using server = await withRules(
      'rewrite name regex (.*)\\.old\\.test {1}.new.test answer name (.*)\\.new\\.test {1}.a.test value (.*)\\.new\\.test {1}.b.test',
    );
    expect((await server.ask('www.old.test', 'MX')).answers).toEqual(['www.a.test. 300 IN MX 10 mail.www.b.test.']);
  });

  test('`answer auto` gives the reply back under the name asked for', async () => {
    await using server = await withRules('rewrite name regex ^(.*)\\.old\\.test\\.$ {1}.new.test answer auto');
    expect((await server.ask('www.old.test', 'SRV')).answers).toEqual(['www.old.test. 300 IN SRV 1 2 80 www.old.test.']);
  });

  test('a pattern that explodes elsewhere is answered at once', async () => {
    await using server = await withRules('rewrite name regex ^(a+)+$ b.test');
    const name = `${'a'.repeat(60)}.${'a'.repeat(60)}.${'a'.repeat(60)}.test`;
    expect((await server.ask(name, 'A', { timeout: 20_000 })).rcode).toBe('NOERROR');
  });
});

describe('several rules', () => {
  test('`continue` hands the changed name to the next rule, and answers are changed in reverse order', async () => {
    await using server = await withRules(
      'rewrite continue name one.test two.test',
      'rewrite continue name two.test three.test',
      'rewrite name three.test four.test',
    );
    expect((await server.ask('one.test', 'SRV')).answers).toEqual(['one.test. 300 IN SRV 1 2 80 one.test.']);
    expect(askedNames()).toEqual(['four.test.']);
  });

  test('a rule that applied is the last one unless it says `continue`', async () => {
    await using server = await withRules('rewrite name one.test two.test', 'rewrite name two.test three.test');
    await server.ask('one.test', 'A');
    await server.ask('two.test', 'A');
    expect(askedNames()).toEqual(['two.test.', 'three.test.']);
  });

  test('type and class change the question alone, which comes back as it was asked', async () => {
    await using server = await withRules('rewrite continue type AAAA A', 'rewrite type mx TXT');
    const answer = await server.ask('one.test', 'AAAA');
    expect(answer.answers).toEqual(['one.test. 300 IN A 192.0.2.1']);
    expect(answer.wire.readUInt16BE(12 + 'one.test.'.length + 1)).toBe(28);
    expect((await server.ask('one.test', 'MX')).answers).toEqual(['one.test. 300 IN TXT "one.test."']);
  });

  test('a block is one rule, its lines joined', async () => {
    await using server = await withRules('rewrite continue {', 'name', 'exact one.test', 'two.test', '}');
    await server.ask('one.test', 'A');
    expect(askedNames()).toEqual(['two.test.']);
  });
});

describe('the move of a service', () => {
  const addresses = { hosts: '192.0.2.10 a.example.domain both.example.domain\n192.0.2.20 b.example.domain both.example.domain\n' };

  test('DNS A answers old and new under the name of the service, whatever stands between', async () => {
    const corefile = '.:0 {\n loadbalance\n rewrite name example.domain both.example.domain\n cache 30\n hosts hosts {\n ttl 30\n }\n}';
    await using server = await serve(corefile, { files: addresses });
    for (const name of ['example.domain', 'Example.Domain', 'example.domain']) {
      const { answers } = await server.ask(name, 'A');
      expect(answers.map((line) => line.toLowerCase()).sort()).toEqual(['example.domain. 30 in a 192.0.2.10', 'example.domain. 30 in a 192.0.2.20']);
    }
    expect((await server.ask('b.example.domain', 'A')).answers).toEqual(['b.example.domain. 30 IN A 192.0.2.20']);
  });

  test('DNS B answers the new one alone', async () => {
    const corefile = '.:0 {\n rewrite name example.domain b.example.domain\n hosts hosts {\n ttl 30\n }\n}';
    await using server = await serve(corefile, { files: addresses });
    expect((await server.ask('example.domain', 'A')).answers).toEqual(['example.domain. 30 IN A 192.0.2.20']);
    expect(await server.ask('example.domain', 'AAAA')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });
});

describe('names that would be invalid', () => {
  const long = 'y'.repeat(60);

  test('a question that grows too long is answered SERVFAIL, and the reason is logged', async () => {
    await using server = await withRules(`rewrite name suffix .x.test .${long}.test`);
    const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.x.test`;
    expect((await server.ask(name, 'A')).rcode).toBe('SERVFAIL');
    expect(server.lines.join('\n')).toContain(`invalid name after rewrite: ${'a'.repeat(63)}.`);
    expect(upstream.asked).toEqual([]);
  });

  test('an empty label is as bad', async () => {
    await using server = await withRules('rewrite name regex ^(www).*$ {1}..test');
    expect((await server.ask('www.test', 'A')).rcode).toBe('SERVFAIL');
    expect((await server.ask('other.test', 'A')).rcode).toBe('NOERROR');
  });

  test('an answer that grows too long is answered SERVFAIL', async () => {
    await using server = await withRules(`rewrite name suffix .x.test .test answer value (.*)\\.test {1}.${long}.${long}.${long}.${long}.test`);
    expect((await server.ask('a.x.test', 'MX')).rcode).toBe('SERVFAIL');
    expect((await server.ask('a.x.test', 'A')).rcode).toBe('NOERROR');
  });
});
