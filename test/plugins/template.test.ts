// What the recorded answers of CoreDNS do not show: expressions, places of mistakes, aliases, reloads, and records in text.
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { presentRecord } from '../../src/dns/presentation.ts';
import { readRecord } from '../../src/dns/record-text.ts';
import { refusal } from '../support/refusal.ts';

const block = (...lines: readonly string[]) => `.:0 {\n${lines.join('\n')}\nwhoami\n}`;
const template = (...lines: readonly string[]) => block('template IN A {', ...lines, '}');
const answer = 'answer "{{ .Name }} 60 IN A 192.0.2.1"';

describe('expressions', () => {
  test('all have to be true, else the query is one that does not match', async () => {
    await using strict = await serve(template("expr name() startsWith 'a'", "expr group(0) == 'a.test.'", answer));
    expect((await strict.ask('a.test')).answers).toHaveLength(1);
    expect((await strict.ask('ab.test')).rcode).toBe('SERVFAIL');
    await using loose = await serve(template("expr name() startsWith 'a'", answer, 'fallthrough'));
    expect((await loose.ask('b.test')).additionals).toHaveLength(2);
  });

  test('one that cannot be evaluated, and one that is no bool', async () => {
    await using broken = await serve(template("expr split(name(), '.')[9] == ''", answer, 'fallthrough'));
    expect((await broken.ask('a.test')).rcode).toBe('SERVFAIL');
    await using odd = await serve(template('expr len(name())', answer, 'fallthrough'));
    expect((await odd.ask('a.test')).additionals).toHaveLength(2);
  });

  test('values that templates ask for, of groups by number and by name', async () => {
    const lines = ['match "^(?P<host>[a-z]+)[.](.*)"', 'var last len(group(2)) % 250', "var upper upper(group('host'))"];
    const made = 'answer "{{ .Name }} TXT {{ .Var.upper }}-{{ .Var.last }}"';
    await using server = await serve(block('template IN TXT {', ...lines, made, '}'));
    expect((await server.ask('host.example.org', 'TXT')).answers).toEqual(['host.example.org. 3600 IN TXT "HOST-12"']);
  });
});

describe('mistakes are told at their place', () => {
  test.each([
    ['match ok (', 3, 'could not parse regex: (, '],
    [`match ${'x'.repeat(10_001)}`, 3, 'regex pattern too long: 10001 > 10000'],
    ['answer "{{ .Name }" ', 3, 'could not compile template: {{ .Name }, '],
    ['answer "{{ nobody }} A 192.0.2.1"', 3, 'function "nobody" not defined'],
    ['additional "{{ if }}"', 3, 'missing value for if'],
    ['authority "{{ $x }}"', 3, 'undefined variable "$x"'],
    ['rcode nxdomain', 3, 'unknown rcode nxdomain'],
    ['ederror 70000', 3, '70000 is out of range'],
    ["expr name() === 'x'", 3, ''],
    ['var x nobody()', 3, 'there is no function nobody'],
    ['nonsense', 3, "unknown property 'nonsense'"],
  ])('%j', async (line, number, message) => {
    expect(await refusal(template(line))).toMatch(new RegExp(`plugin/template: .*:${number} - Error during parsing: `));
    expect(await refusal(template(line))).toContain(message);
  });

  test.each([
    ['XX A', 'invalid query class XX'],
    ['IN a', 'invalid RR class a'],
    ['IN', "Wrong argument count or unexpected line ending after 'IN'"],
  ])('template %s', async (words, message) => {
    expect(await refusal(block(`template ${words}`))).toContain(message);
  });

  test('a failure at a query is logged with section, place and reason', async () => {
    await using server = await serve(block('errors', 'template IN A {', 'answer "{{ index .Match 7 }}"', '}'));
    expect((await server.ask('a.test')).rcode).toBe('SERVFAIL');
    await expect.poll(() => server.lines.join('\n')).toMatch(/answer of the template at .*Corefile:4: index out of range: 7/);
  });
});

describe('aliases', () => {
  test('the target is asked for on behalf of the client, in this server and with its acl', async () => {
    await using server = await serve(
      block(
        'acl secret.test {',
        'block',
        '}',
        'template IN ANY alias.test {',
        'answer "{{ .Name }} 60 IN CNAME secret.test"',
        '}',
        'hosts {',
        '192.0.2.9 secret.test',
        '}',
      ),
    );
    expect((await server.ask('alias.test')).answers).toEqual(['alias.test. 60 IN CNAME secret.test.']);
  });

  test('one that leads to itself has an end', async () => {
    await using server = await serve(
      block(
        'template IN A a.test {',
        'answer "{{ .Name }} 60 IN CNAME b.test"',
        '}',
        'template IN A b.test {',
        'answer "{{ .Name }} 60 IN CNAME a.test"',
        '}',
      ),
    );
    const { answers } = await server.ask('a.test');
    expect(answers[0]).toBe('a.test. 60 IN CNAME b.test.');
    expect(answers.length).toBeLessThan(5);
  });
});

test('records that come out empty are left out', async () => {
  await using server = await serve(template('answer "{{ if eq .Name `a.test.` }}{{ .Name }} A 192.0.2.1{{ end }}" "{{ .Name }} A 192.0.2.2"'));
  expect((await server.ask('a.test')).answers).toHaveLength(2);
  expect((await server.ask('b.test')).answers).toEqual(['b.test. 3600 IN A 192.0.2.2']);
});

test('a reload brings other templates, and one that is refused leaves those before', async () => {
  await using server = await serve(template(answer));
  await server.reload(template(answer.replace('192.0.2.1', '192.0.2.2')));
  expect((await server.ask('a.test')).answers).toEqual(['a.test. 60 IN A 192.0.2.2']);
  await expect(server.reload(template('answer "{{ end }}"'))).rejects.toThrow('unexpected {{end}}');
  expect((await server.ask('a.test')).answers).toEqual(['a.test. 60 IN A 192.0.2.2']);
});

test('an expression takes no longer for a name that is made to take long', async () => {
  await using server = await serve(template('match "^(([a-z])+.)+[A-Z]([a-z])+$"', answer, 'fallthrough'));
  const name = `${'a'.repeat(60)}.`.repeat(4);
  expect((await server.ask(name)).additionals).toHaveLength(2);
});

test('explain names the template', async () => {
  await using server = await serve(template('match ^a', answer));
  const step = async (name: string) => JSON.stringify((await server.explain(name)).steps);
  expect(await step('a.test')).toMatch(/answers by the template at .*Corefile:3/);
  expect(await step('b.test')).toMatch(/the name does not fit the template at/);
});

describe('records in text', () => {
  test.each([
    ['a.test 30 IN A 192.0.2.1', 'a.test. 30 IN A 192.0.2.1'],
    ['a.test A 192.0.2.1 ; comment', 'a.test. 3600 IN A 192.0.2.1'],
    ['a.test CH 1h1s TXT x', 'a.test. 3601 CH TXT "x"'],
    ['\n\n  a.test A 192.0.2.1\nb.test A 192.0.2.2', 'a.test. 3600 IN A 192.0.2.1'],
    ['@ MX 10 @', '. 3600 IN MX 10 .'],
    ['a\\.b.test TXT "a b" c\\032d \\"', 'a\\.b.test. 3600 IN TXT "a b" "c d" "\\""'],
    ['a.test SRV ( 1 2\n 3 b.test )', 'a.test. 3600 IN SRV 1 2 3 b.test.'],
    ['a.test TYPE999 \\# 2 0a 0b', 'a.test. 3600 IN TYPE999 \\# 2 0a0b'],
    ['a.test A \\# 4 c0000201', 'a.test. 3600 IN A 192.0.2.1'],
  ])('%j', (text, expected) => {
    const read = readRecord(text);
    expect(read === undefined ? undefined : presentRecord(read)).toBe(expected);
  });

  test.each([[''], [' \n\t'], ['; nothing']])('%j is none', (text) => {
    expect(readRecord(text)).toBeUndefined();
  });

  test.each([
    ['a.test', 'found no record type'],
    ['a.test x A 192.0.2.1', 'found "x", expected a TTL, a class or a record type'],
    ['a.test A 192.0.2.300', 'expected an IPv4 address'],
    ['a.test A', 'A has 0 fields, expected 1'],
    ['a.test A 192.0.2.1 x', 'found "x" behind the data of A'],
    ['a.test A \\# 3 c00002', 'RDATA of 3 octets, expected 4'],
    ['a.test A \\# 3 c0', 'found 1 octets, expected 3'],
    ['a.test MX 70000 b', 'expected a number below 65536'],
    ['a..test A 192.0.2.1', 'empty label'],
    [`${'a'.repeat(64)}.test A 192.0.2.1`, 'label of 64 octets'],
    ['a.test TXT "x', 'a quote is not closed'],
    ['a.test TXT ( x', 'a parenthesis is not closed'],
    ['a.test TXT x )', 'found ")" without "("'],
    ['a.test TXT x\\', 'a backslash stands at the end'],
    ['a.test OPT x', 'no record has the type OPT'],
    ['a.test LOC x', 'the data of LOC can be written as \\# LENGTH HEX only'],
    ['a.test HTTPS 1 . nonsense=1', 'found the parameter "nonsense"'],
    ['a.test HTTPS 1 . port=1 port=2', 'found the parameter port twice'],
    ['a.test 99999999999 A 192.0.2.1', 'TTL of a record'],
  ])('%j is refused', (text, message) => {
    expect(() => readRecord(text)).toThrow(message);
  });
});
