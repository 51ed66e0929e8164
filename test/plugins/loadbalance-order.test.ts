import { cidr, makeQuery, parseName, type Query, Reply, type ResourceRecord, record } from 'ferrydns/plugin';
import { describe, expect, test } from 'vitest';
import { preferred, roundRobin } from '../../plugins/loadbalance/arrangement.ts';
import { Rotation } from '../../plugins/loadbalance/rotation.ts';
import { parseWeights } from '../../plugins/loadbalance/weight-table.ts';
import { Weighting } from '../../plugins/loadbalance/weighting.ts';

const client = { address: '127.0.0.1', port: 1, family: 4, transport: 'udp', localAddress: '', localPort: 53 } as const;
const ask = (type = 'A'): Query => makeQuery({ name: parseName('www.example.org'), type, client, receivedAt: 0 });
const query = ask();

/** Records from "TYPE DATA". */
const records = (...lines: readonly string[]): ResourceRecord[] =>
  lines.map((line, i) => {
    const [type = '', data = ''] = line.split(' ');
    const name = 'www.example.org.';
    return record({ name, type, ttl: 60 + i, data: type === 'MX' ? { preference: i, exchange: data } : type === 'TXT' ? [Buffer.from(data)] : data });
  });
const addresses = (count: number) => records(...Array.from({ length: count }, (_, i) => `A 192.0.2.${i + 1}`));
const types = (section: readonly ResourceRecord[]) => section.map(({ type }) => type).join(' ');
const data = (section: readonly ResourceRecord[]) => section.map((each) => each.data);

/** How often each address comes first in so many replies. */
function tally(times: number, order: () => Reply): Map<unknown, number> {
  const firsts = new Map<unknown, number>();
  for (let i = 0; i < times; i++) {
    const first = order().answers.find(({ type }) => type === 'A')?.data;
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  return firsts;
}

/** A stream of numbers from 0 up to 1 that is the same in every run (xorshift32). */
function seeded(seed = 2463534242): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

describe('round robin', () => {
  test('puts aliases first, then other records, then addresses, then mail servers, in every section', () => {
    const mixed = records(
      'A 192.0.2.1',
      'MX mx1.test.',
      'TXT text',
      'AAAA 2001:db8::1',
      'CNAME a.test.',
      'MX mx2.test.',
      'CNAME b.test.',
      'NS ns.test.',
    );
    const reply = new Rotation(roundRobin).order(Reply.empty('NOERROR', { answers: mixed, authorities: mixed, additionals: mixed }), query);
    for (const section of [reply.answers, reply.authorities, reply.additionals]) {
      expect(types(section)).toMatch(/^CNAME CNAME TXT NS (A AAAA|AAAA A) MX MX$/);
      expect(data(section).slice(0, 2)).toEqual(['a.test.', 'b.test.']);
      expect(new Set(section)).toEqual(new Set(mixed));
    }
  });

  test.each([2, 3, 5, 8, 9, 40])('lets each of %i addresses come first equally often', (count) => {
    const rotation = new Rotation(roundRobin, seeded());
    const reply = Reply.answer(addresses(count));
    const times = 640 * count;
    const firsts = tally(times, () => rotation.order(reply, query));
    expect(firsts.size).toBe(count);
    for (const share of firsts.values()) expect(Math.abs(share - 640)).toBeLessThan(200);
  });

  test('gives every order of three addresses its turn', () => {
    const rotation = new Rotation(roundRobin, seeded());
    const reply = Reply.answer(addresses(3));
    const orders = new Set(Array.from({ length: 20_000 }, () => data(rotation.order(reply, query).answers).join()));
    expect(orders.size).toBe(6);
  });

  test('lets each address come first equally often when every reply is new', () => {
    const rotation = new Rotation(roundRobin, seeded());
    const firsts = tally(3000, () => rotation.order(Reply.answer(addresses(3)), query));
    for (const share of firsts.values()) expect(Math.abs(share - 1000)).toBeLessThan(100);
  });

  test.each([3, 4])('lets each of two mail servers and of %i additional addresses come first equally often', (count) => {
    const rotation = new Rotation(roundRobin, seeded());
    const reply = Reply.answer(records('MX mx1.test.', 'MX mx2.test.'), { additionals: addresses(count) });
    const given = Array.from({ length: 1200 * count }, () => rotation.order(reply, query));
    for (const mailServer of reply.answers) {
      expect(Math.abs(given.filter(({ answers }) => answers[0] === mailServer).length - 600 * count)).toBeLessThan(200);
    }
    for (const address of reply.additionals) {
      expect(Math.abs(given.filter(({ additionals }) => additionals[0] === address).length - 1200)).toBeLessThan(200);
    }
  });

  test('returns the very reply when there is nothing to move', () => {
    const rotation = new Rotation(roundRobin);
    for (const reply of [
      Reply.answer(records('CNAME a.test.', 'A 192.0.2.1')),
      Reply.answer(records('TXT a', 'TXT b')),
      Reply.answer(addresses(1)),
    ]) {
      expect(rotation.order(reply, query)).toBe(reply);
    }
  });

  test('never writes to the reply', () => {
    const answers = addresses(4);
    const reply = Reply.answer(answers);
    const rotation = new Rotation(roundRobin);
    for (let i = 0; i < 50; i++) rotation.order(reply, query);
    expect(reply.answers).toBe(answers);
    expect(data(answers)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']);
  });
});

describe('a cached reply', () => {
  const forms = (replies: readonly Reply[]) => new Set(replies.map((reply) => reply.formFor(query)));

  test('is encoded for a handful of orders, not for each query, also while its TTL runs down', () => {
    const rotation = new Rotation(roundRobin, seeded());
    const wire = Reply.answer(addresses(4)).formFor(query).bytes;
    const cached = Reply.fromWire(wire);
    const given: Reply[] = [];
    for (let ttl = 60; ttl > 50; ttl--) {
      const aged = cached.aged(ttl, 0x0400);
      for (let i = 0; i < 10; i++) given.push(rotation.order(aged, query));
    }
    expect(forms(given).size).toBe(4);
    expect(new Set(given.map(({ ttl }) => ttl)).size).toBe(10);
  });

  test('keeps its own TTL, flags and options', () => {
    const rotation = new Rotation(roundRobin);
    const cached = Reply.answer(addresses(2));
    rotation.order(cached.aged(30, 0x0400), query);
    const stale = cached.aged(7, 0x0480).with({ extendedError: 3 });
    for (let i = 0; i < 20; i++) {
      const { ttl, flags, options, rcode, answers } = rotation.order(stale, query);
      expect({ ttl, flags, rcode }).toEqual({ ttl: 7, flags: 0x0480, rcode: 'NOERROR' });
      expect(options).toEqual(stale.options);
      expect(answers.map((each) => each.ttl)).toEqual([7, 7]);
    }
  });

  test('does not lend its one TTL to the reply it was made of', () => {
    const rotation = new Rotation(roundRobin);
    const reply = Reply.answer(addresses(2));
    rotation.order(reply.aged(5, 0), query);
    expect(
      rotation
        .order(reply, query)
        .answers.map(({ ttl }) => ttl)
        .sort(),
    ).toEqual([60, 61]);
  });
});

describe('prefer', () => {
  const arrange = preferred(['10.1.0.0/16', '10.0.0.0/8', 'fd00::/8', '198.51.100.7/32', '::ffff:203.0.113.0/120'].map((text) => cidr.parse(text)));
  const rotation = new Rotation(arrange, seeded());

  test('puts addresses in the networks first, in the order of the networks', () => {
    const answers = records('A 192.0.2.1', 'AAAA fd00::1', 'A 10.9.0.1', 'A 10.1.0.1', 'A 203.0.113.5', 'A 198.51.100.7', 'AAAA 2001:db8::1');
    const { answers: given } = rotation.order(Reply.answer(answers), query);
    expect(data(given).slice(0, 5)).toEqual(['10.1.0.1', '10.9.0.1', 'fd00::1', '198.51.100.7', '203.0.113.5']);
  });

  test('puts aliases first and other records last, but in the authority section', () => {
    const mixed = records('TXT a', 'MX mx.test.', 'A 192.0.2.1', 'A 10.1.0.1', 'CNAME a.test.');
    const given = rotation.order(Reply.empty('NOERROR', { answers: mixed, additionals: mixed, authorities: mixed }), query);
    expect(types(given.answers)).toBe('CNAME A A MX TXT');
    expect(types(given.additionals)).toBe('CNAME A A MX TXT');
    expect(types(given.authorities)).toBe('CNAME TXT A A MX');
    expect(given.additionals[1]?.data).toBe('10.1.0.1');
  });

  test('shuffles addresses that are equally preferred', () => {
    const reply = Reply.answer(records('A 192.0.2.1', 'A 10.1.0.1', 'A 192.0.2.2', 'A 10.1.0.2', 'A 10.1.0.3'));
    const firsts = tally(3000, () => rotation.order(reply, query));
    expect([...firsts.keys()].sort()).toEqual(['10.1.0.1', '10.1.0.2', '10.1.0.3']);
    for (const share of firsts.values()) expect(Math.abs(share - 1000)).toBeLessThan(150);
    const seconds = new Set(Array.from({ length: 200 }, () => rotation.order(reply, query).answers.at(-1)?.data));
    expect(seconds).toEqual(new Set(['192.0.2.1', '192.0.2.2']));
  });
});

describe('weighted', () => {
  const table = parseWeights('# weights\nwww.example.org\n192.0.2.1 6\n192.0.2.2 3\n192.0.2.1 99\n\nmail.example.org.\n2001:db8::1 9\n', 'w');

  test('draws the first address by weight; one that is not listed weighs 1', () => {
    const weighting = new Weighting(() => table, seeded());
    const reply = Reply.answer(addresses(3));
    const counted = tally(10_000, () => weighting.order(reply, query));
    for (const [address, weight] of [
      ['192.0.2.1', 6],
      ['192.0.2.2', 3],
      ['192.0.2.3', 1],
    ] as const) {
      expect(Math.abs((counted.get(address) ?? 0) - weight * 1000)).toBeLessThan(300);
    }
  });

  test('lets the first change places with the one drawn, and leaves the others', () => {
    const weighting = new Weighting(
      () => table,
      () => 0.95,
    );
    const reply = Reply.answer(records('A 192.0.2.1', 'MX mx1.test.', 'TXT a', 'A 192.0.2.2', 'CNAME a.test.', 'A 192.0.2.3', 'MX mx2.test.'));
    const { answers } = weighting.order(reply, query);
    expect(types(answers)).toBe('CNAME TXT A A A MX MX');
    expect(data(answers.slice(2, 5))).toEqual(['192.0.2.3', '192.0.2.2', '192.0.2.1']);
  });

  test('is for A, AAAA and SRV queries; SRV finds its addresses in the additional section', () => {
    const weighting = new Weighting(
      () => table,
      () => 0.95,
    );
    const reply = Reply.answer(records('TXT b', 'CNAME a.test.'), { additionals: addresses(3) });
    expect(data(weighting.order(reply, ask('SRV')).additionals)).toEqual(['192.0.2.3', '192.0.2.2', '192.0.2.1']);
    expect(types(weighting.order(reply, ask('SRV')).answers)).toBe('TXT CNAME');
    expect(weighting.order(reply, ask('MX'))).toBe(reply);
  });

  test('finds the domain in any letter case', () => {
    const weighting = new Weighting(() => parseWeights('WWW.Example.ORG\n192.0.2.2 255\n', 'w'), seeded());
    const answers = addresses(2).map((each) => each.with({ name: 'wWw.example.org.' }));
    const reply = Reply.answer(answers);
    expect(tally(500, () => weighting.order(reply, query)).get('192.0.2.2')).toBeGreaterThan(480);
  });

  test('encodes one message for each address that may lead, while the TTL runs down', () => {
    const weighting = new Weighting(() => table, seeded());
    const cached = Reply.answer(addresses(3));
    const forms = new Set(Array.from({ length: 100 }, (_, i) => weighting.order(cached.aged(60 - (i % 10), 0), query).formFor(query)));
    expect(forms.size).toBe(3);
  });

  test.each([
    ['192.0.2.1', 'wrong domain name:"192.0.2.1" in weight file w. (Maybe a missing weight value?)'],
    ['a.test\nb.test 5', 'wrong IP address:"b.test" in weight file w'],
    ['a.test\n192.0.2.1 0', 'wrong weight value:"0" in weight file w'],
    ['a.test\n192.0.2.1 256', 'wrong weight value:"256" in weight file w'],
    ['a.test\n192.0.2.1 x', 'wrong weight value:"x" in weight file w'],
    ['192.0.2.1 5', 'missing domain name in weight file w'],
    ['a.test\n192.0.2.1 5 # five', 'could not parse weight line:"192.0.2.1 5 # five" in weight file w'],
  ])('refuses the weights %j', (text, message) => {
    expect(() => parseWeights(text, 'w')).toThrow(message);
  });
});
