// Whom of those that are well a pool names: shares by weight and by agent, turns, clients that stay, and the first in line.
import { makeQuery, type Name } from 'ferrydns/plugin';
import { describe, expect, test } from 'vitest';
import { networkOf } from '../../plugins/pool/client-network.ts';
import { makeSelector, type PolicyName } from '../../plugins/pool/policy.ts';
import { byRendezvous } from '../../plugins/pool/rendezvous.ts';
import { servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

const queries = 10_000;

/** Within 3 % of what is expected. */
function expectShare(count: number | undefined, expected: number): void {
  expect(Math.abs((count ?? 0) - expected) / expected).toBeLessThan(0.03);
}

function from(address: string) {
  const client = { address, port: 5000, family: address.includes(':') ? 6 : 4, transport: 'udp', localAddress: '', localPort: 53 } as const;
  return makeQuery({ name: 'www.example.org.' as Name, type: 'A', client, receivedAt: 0 });
}

const member = (label: string, weight = 1, percent = 100, heard = true) => ({ label, weight, percent, heard });

function selector(policy: PolicyName, members: readonly ReturnType<typeof member>[], count = 1) {
  let made = 0;
  const make = (chosen: readonly { label: string }[]) => {
    made++;
    return chosen.map(({ label }) => label);
  };
  return { choose: makeSelector(members, { policy, count, turn: { index: 0, phase: 0.3 }, make }), made: () => made };
}

/** How many of so many clients each member has. */
function owners(choose: (query: ReturnType<typeof from>) => readonly string[], clients: number): string[] {
  return Array.from({ length: clients }, (_, i) => choose(from(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)).join(' '));
}

describe('weighted', () => {
  test('gives each member its share of the answers', async () => {
    await using pool = await servePools(
      `. {\n pool www.example.org {\n member 192.0.2.1 weight 3\n member 192.0.2.2\n member 192.0.2.3 weight 0\n policy weighted\n }\n }`,
    );
    const seen = await pool.tally('www.example.org', queries);
    expectShare(seen.get('192.0.2.1'), 7500);
    expectShare(seen.get('192.0.2.2'), 2500);
    expect(seen.size).toBe(2);
  });

  test('gives a member whose agent says 25% a quarter of its share', async () => {
    let said = 'up 25%\n';
    await using agent = await tcpService({ address: '127.0.0.1', said: () => said });
    await using _other = await tcpService({ address: '127.0.0.2', port: agent.port, said: () => 'up 100%\n' });
    const corefile = `. {\n pool www.example.org {\n member 127.0.0.1\n member 127.0.0.2\n policy weighted\n agent tcp ${agent.port} interval 1s\n }\n }`;
    await using pool = await servePools(corefile);
    await pool.pass(3);
    const seen = await pool.tally('www.example.org', queries);
    expectShare(seen.get('127.0.0.1'), queries / 5);
    expectShare(seen.get('127.0.0.2'), (queries * 4) / 5);
    said = '100%\n';
    await pool.pass(2);
    expectShare((await pool.tally('www.example.org', 1000)).get('127.0.0.1'), 500);
  });

  test('with several answers names each member as often as its weight says, and none twice', () => {
    const { choose, made } = selector('weighted', [member('a', 4), member('b', 1), member('c', 1), member('d', 2)], 2);
    const counts = new Map<string, number>();
    for (let i = 0; i < queries; i++) {
      const chosen = choose(from('192.0.2.1'));
      expect(new Set(chosen).size).toBe(2);
      for (const label of chosen) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    expectShare(counts.get('a'), queries);
    expectShare(counts.get('b'), queries / 4);
    expectShare(counts.get('c'), queries / 4);
    expectShare(counts.get('d'), queries / 2);
    // Made once, however often they are given.
    expect(made()).toBeLessThanOrEqual(5);
  });

  test('makes no outcome before it is asked for', () => {
    const many = Array.from({ length: 1000 }, (_, i) => member(`m${i}`, 1 + (i % 7)));
    const { choose, made } = selector('weighted', many, 2);
    expect(made()).toBe(0);
    for (let i = 0; i < 10; i++) choose(from('192.0.2.1'));
    expect(made()).toBeLessThanOrEqual(10);
  });

  test.each([1, 2, 3])('never names a member without weight while others have one (%d answers)', (count) => {
    const members = [member('a', 5), member('b', 0), member('c', 1), member('d', 2), member('e', 0)];
    const { choose } = selector('weighted', members, count);
    for (let i = 0; i < 100; i++) expect(choose(from('192.0.2.1')).filter((label) => label === 'b' || label === 'e')).toEqual([]);
  });
});

describe('round_robin', () => {
  test('names each member equally often, whatever its weight', async () => {
    await using pool = await servePools(
      `. {\n pool www.example.org {\n member 192.0.2.1 weight 9\n member 192.0.2.2\n member 192.0.2.3\n max_answers 1\n }\n }`,
    );
    expect([...(await pool.tally('www.example.org', 300)).values()]).toEqual([100, 100, 100]);
  });

  test('without a limit names all, and puts each first equally often', () => {
    const { choose, made } = selector('round_robin', [member('a'), member('b'), member('c')], Number.POSITIVE_INFINITY);
    const heads = Array.from({ length: 300 }, () => choose(from('192.0.2.1'))[0]);
    expect(['a', 'b', 'c'].map((label) => heads.filter((head) => head === label).length)).toEqual([100, 100, 100]);
    expect(made()).toBe(3);
  });

  test('gives the same reply object again', () => {
    const { choose } = selector('round_robin', [member('a'), member('b')]);
    const [one, , third] = [choose(from('192.0.2.1')), choose(from('192.0.2.1')), choose(from('192.0.2.1'))];
    expect(third).toBe(one);
  });
});

describe('sticky', () => {
  const members = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];
  const all = selector(
    'sticky',
    members.map((label) => member(label)),
  ).choose;

  test('gives a client the same member over and over, and each member its share of the clients', () => {
    const before = owners(all, queries);
    expect(owners(all, queries)).toEqual(before);
    for (const label of members) expect(Math.abs(before.filter((owner) => owner === label).length - 2000)).toBeLessThan(200);
  });

  test('moves only the clients of a member that goes, and only to it when one comes', () => {
    const before = owners(all, queries);
    const without = owners(
      selector(
        'sticky',
        members.slice(1).map((label) => member(label)),
      ).choose,
      queries,
    );
    expect(before.filter((owner, i) => without[i] !== owner && owner !== '192.0.2.1')).toEqual([]);
    expect(without.filter((owner) => owner === '192.0.2.1')).toEqual([]);
  });

  test('moves only the difference when a weight changes', () => {
    const before = owners(all, queries);
    const heavier = owners(
      selector(
        'sticky',
        members.map((label, i) => member(label, i === 0 ? 3 : 1)),
      ).choose,
      queries,
    );
    const moved = heavier.flatMap((owner, i) => (owner === before[i] ? [] : [owner]));
    expect(new Set(moved)).toEqual(new Set(['192.0.2.1']));
    // From one in five to three in seven.
    expect(Math.abs(moved.length - queries * (3 / 7 - 1 / 5))).toBeLessThan(queries * 0.03);
  });

  test('keeps the other choices of a client when one of several goes', () => {
    const many = byRendezvous(
      members.map((label) => member(label)),
      3,
      (chosen) => chosen.map(({ label }) => label),
    );
    const fewer = byRendezvous(
      members.slice(1).map((label) => member(label)),
      3,
      (chosen) => chosen.map(({ label }) => label),
    );
    for (let i = 0; i < 200; i++) {
      const query = from(`10.1.1.${i}`);
      expect(fewer(query)).toEqual(expect.arrayContaining(many(query).filter((label) => label !== '192.0.2.1')));
    }
  });

  test.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::1'],
    ['2001:db8::1', '2001:0db8:0:0:ffff::'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['fe80::1%eth0', 'fe80::2'],
  ])('%s and %s are one client', (a, b) => expect(networkOf(a)).toBe(networkOf(b)));

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['192.0.2.1', '192.0.2.2'],
  ])('%s and %s are two', (a, b) => expect(networkOf(a)).not.toBe(networkOf(b)));

  test('serves over the wire: one client sees one member', async () => {
    await using pool = await servePools(
      `. {\n pool www.example.org {\n ${members.map((label) => `member ${label}`).join('\n')}\n policy sticky\n }\n }`,
    );
    expect((await pool.tally('www.example.org', 50)).size).toBe(1);
  });
});

describe('failover', () => {
  test('names the first member that is up, in the order of the lines', async () => {
    const one = await tcpService({ address: '127.0.0.1' });
    await using _three = await tcpService({ address: '127.0.0.3', port: one.port });
    await using pool = await servePools(
      `. {\n pool www.example.org {\n member 127.0.0.1\n member 127.0.0.2\n member 127.0.0.3\n policy failover\n check tcp ${one.port} dwell 0s\n }\n }`,
    );
    await pool.pass(8);
    expect(await pool.addresses('www.example.org')).toEqual(['127.0.0.1']);
    await one.stop();
    await pool.pass(6);
    expect(await pool.addresses('www.example.org')).toEqual(['127.0.0.3']);
    await one.start();
    await pool.pass(4);
    expect(await pool.addresses('www.example.org')).toEqual(['127.0.0.1']);
    await one.stop();
  });
});

describe('least_load', () => {
  test('leaves out those whose agent has never spoken, while another one has', () => {
    const silent = [member('a', 1, 100, false), member('b', 1, 100, false)];
    const among = (members: typeof silent) => {
      const { choose } = selector('least_load', members);
      return new Set(Array.from({ length: 10 }, () => choose(from('192.0.2.1'))[0]));
    };
    expect(among([...silent, member('c', 1, 60)])).toEqual(new Set(['c']));
    expect(among(silent)).toEqual(new Set(['a', 'b']));
  });

  test('takes a member in with the first word of its agent, even if that is only that it is up', async () => {
    await using one = await tcpService({ address: '127.0.0.1', said: () => '95%\n' });
    const two = await tcpService({ address: '127.0.0.2', port: one.port, said: () => 'up\n' });
    await two.stop();
    await using pool = await servePools(
      `. {\n pool www.example.org {\n member 127.0.0.1\n member 127.0.0.2\n policy least_load\n agent tcp ${one.port} interval 1s\n }\n }`,
    );
    await pool.pass(2);
    expect([...(await pool.tally('www.example.org', 10)).keys()]).toEqual(['127.0.0.1']);
    await two.start();
    await pool.pass(2);
    expect((await pool.tally('www.example.org', 10)).size).toBe(2);
    await two.stop();
  });

  test('names the member that its agent calls most idle, and those nearly as idle in turn', () => {
    const { choose } = selector('least_load', [member('a', 1, 40), member('b', 1, 95), member('c', 1, 90)]);
    expect(new Set(Array.from({ length: 10 }, () => choose(from('192.0.2.1'))[0]))).toEqual(new Set(['b', 'c']));
  });
});
