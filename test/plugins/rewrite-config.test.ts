// rewrite: which rules are accepted, and what is said about the others.
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';

const load = async (...lines: readonly string[]): Promise<void> => {
  await using _ = await serve(`.:0 {\n${lines.join('\n')}\n whoami\n}`);
};

const long = 'a'.repeat(10_001);

test.each([
  'rewrite name a.com b.com',
  'rewrite NAME Exact a.com b.com',
  'rewrite stop name prefix a b',
  'rewrite Continue name suffix a b answer auto',
  'rewrite name substring a b answer name (c) d{1}',
  'rewrite name regex (a)(b) {2}{1} answer value (c) d{1} auto',
  'rewrite name exact a b answer auto',
  `rewrite name regex ${'a'.repeat(10_000)} b`,
  'rewrite type any a',
  'rewrite type ANY RESINFO',
  'rewrite class ch in',
  'rewrite ttl a.com 0',
  'rewrite ttl regex ^a 4294967295',
  'rewrite ttl a.com -30',
  'rewrite rcode a.com 3 NOERROR',
  'rewrite rcode prefix a badsig notimpl',
  'rewrite cname a.com b.com',
  'rewrite cname regex (a) b{1}{2}',
  'rewrite edns0 local set 0xffee abc revert',
  'rewrite edns0 local unset 0177',
  'rewrite edns0 local set 0b1_0 {any/label}',
  'rewrite edns0 subnet append 32 128 revert',
  'rewrite edns0 nsid unset',
])('%s is accepted', async (line) => {
  await load(line);
});

describe('is refused:', () => {
  test.each([
    ['rewrite', 'no rule type specified for rewrite'],
    ['rewrite stop', 'stop rule must begin with a rule type'],
    ['rewrite continue', 'continue rule must begin with a rule type'],
    ['rewrite foo a b', 'invalid rule type "foo"'],
    ['rewrite answer name a b', 'response rewrites must begin with a name rule'],
    ['rewrite name a.com', 'too few arguments for a name rule'],
    ['rewrite name a.com b.com c.com', 'name rule supports only exact, prefix, suffix, substring, and regex name matching, received: a.com'],
    ['rewrite name prefix a b c', 'invalid arguments for prefix rule'],
    ['rewrite name prefix a b c d', 'exceeded the number of arguments for a non-answer rule argument for prefix rule'],
    ['rewrite name prefix a b answer ttl', 'invalid type "ttl" for answer rule for prefix rule'],
    ['rewrite name prefix a b answer auto answer', 'type missing for answer rule for prefix rule'],
    ['rewrite name prefix a b answer name c', 'name answer rule for prefix rule: 2 arguments required'],
    ['rewrite name prefix a b answer value ( d', 'value answer rule for prefix rule: invalid regex matching pattern: ('],
    ['rewrite name prefix a b answer auto name c d', 'auto name answer rule cannot be combined with explicit name'],
    ['rewrite name regex (a {1}', 'invalid regex matching pattern: (a'],
    [
      'rewrite name regex (a) {1}{2}',
      'the rewrite regex pattern ({1}{2}) uses more subexpressions than its corresponding matching regex pattern ((a))',
    ],
    ['rewrite name regex (?=a)b c', 'invalid regex matching pattern: (?=a)b'],
    ['rewrite name a.com *.b.com', 'invalid regex matching pattern: *.b.com.'],
    [`rewrite name regex ${long} b`, 'regex pattern too long: 10001 > 10000'],
    ['rewrite type a', 'type rules must have exactly two arguments'],
    ['rewrite type a TYPE65', 'invalid type "TYPE65"'],
    ['rewrite class in XY', 'invalid class "XY"'],
    ['rewrite class in ch hs', 'class rules must have exactly two arguments'],
    ['rewrite ttl a.com', 'too few (1) arguments for a ttl rule'],
    ['rewrite ttl a.com -', "invalid TTL '-' for a ttl rule"],
    ['rewrite ttl a.com 60-30', "invalid TTL '60-30' for a ttl rule"],
    ['rewrite ttl a.com 4294967296', "invalid TTL '4294967296' for a ttl rule"],
    ['rewrite ttl exact a.com 1 2', "invalid TTL '' for a ttl rule"],
    ['rewrite ttl about a.com 30', 'ttl rule supports only exact, prefix, suffix, substring, and regex name matching'],
    ['rewrite ttl regex ( 30', 'invalid regex pattern in a ttl rule: ('],
    [`rewrite ttl regex ${long} 30`, 'regex pattern too long in a ttl rule: 10001 > 10000'],
    ['rewrite rcode a.com 3', 'too few (2) arguments for a rcode rule'],
    ['rewrite rcode a.com 24 0', "invalid matching RCODE '24' for a rcode rule"],
    ['rewrite rcode a.com 0 WRONG', "invalid replacement RCODE 'WRONG' for a rcode rule"],
    ['rewrite rcode about a.com 0 3', 'rcode rule supports only exact, prefix, suffix, substring, and regex name matching'],
    ['rewrite cname a.com', 'too few (1) arguments for a cname rule'],
    ['rewrite cname about a b', 'unknown cname rewrite type: about'],
    ['rewrite cname regex ( b', 'invalid cname rewrite regex pattern'],
    ['rewrite edns0 local', 'too few arguments for an EDNS0 rule'],
    ['rewrite edns0 local add 1 2', 'invalid action: "add"'],
    ['rewrite edns0 other set', 'invalid rule type "other"'],
    ['rewrite edns0 other unset', 'invalid rule type "other"'],
    ['rewrite edns0 local set 1', 'EDNS0 local rules require three or four args'],
    ['rewrite edns0 local set x abc', 'parsing "x": invalid syntax'],
    ['rewrite edns0 local set 65536 abc', 'parsing "65536": value out of range'],
    ['rewrite edns0 local set 1 0xabc', 'odd length hex string'],
    ['rewrite edns0 local set 1 0xzz', 'invalid byte'],
    ['rewrite edns0 local set 1 {unknown}', 'unsupported variable name "{unknown}"'],
    ['rewrite edns0 local unset 1 revert', 'local unset action requires exactly two arguments'],
    ['rewrite edns0 nsid set x', 'EDNS0 NSID rules can accept no more than one arg'],
    ['rewrite edns0 subnet set 24', 'EDNS0 subnet rules require three or four args'],
    ['rewrite edns0 subnet set 33 56', 'invalid IPv4 bit mask length 33'],
    ['rewrite edns0 subnet set 24 129', 'invalid IPv6 bit mask length 129'],
    ['rewrite edns0 subnet unset revert', 'subnet unset action requires exactly one argument'],
  ])('%s', async (line, message) => {
    await expect(load(line)).rejects.toThrow(message);
  });

  test('a block behind a rule on the first line', async () => {
    await expect(load('rewrite name a.test b.test {', 'answer auto', '}')).rejects.toThrow('no rule type specified for rewrite');
  });

  test('a second name in a block', async () => {
    await expect(load('rewrite stop {', 'name regex foo bar', 'answer name bar foo', 'name baz', '}')).rejects.toThrow(
      'name answer rule for regex rule: 2 arguments required',
    );
  });

  test('with the place of the rule', async () => {
    await expect(load('rewrite name a.test b.test', 'rewrite stop {', 'type A', '}')).rejects.toThrow(
      /Corefile:3 - .*type rules must have exactly two arguments/,
    );
  });
});
