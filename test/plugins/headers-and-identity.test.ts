// any, chaos, header, minimal and nsid, as far as the recorded answers of CoreDNS do not show them.
import { hostname } from 'node:os';
import { definePlugin, type Query } from 'ferrydns/plugin';
import { ask, serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { startUpstream } from '../support/upstream.ts';

const nsid = { options: [{ code: 3, data: Buffer.alloc(0) }] };
const text = (data: Uint8Array | undefined) => Buffer.from(data ?? []).toString();

describe('nsid', () => {
  test('is the name of the machine unless it is given', async () => {
    await using server = await serve('.:0 {\nnsid\nwhoami\n}');
    expect((await server.ask('a.test', 'A', nsid)).options.map(({ data }) => text(data))).toEqual([hostname()]);
    expect((await server.ask('a.test', 'A', { udpSize: 1232 })).options).toEqual([]);
  });

  test('takes the place of that of an upstream', async () => {
    await using upstream = await startUpstream({ '* *': { answer: ['a.test 30 A 192.0.2.1'], opt: { options: [{ code: 3, data: 'ffff' }] } } });
    await using server = await serve(`.:0 {\nnsid here\nforward . ${upstream.endpoint}\n}`);
    expect((await server.ask('a.test', 'A', nsid)).options.map(({ data }) => text(data))).toEqual(['here']);
  });
});

describe('chaos', () => {
  test('tells the name of the machine by two names, and the version of ferrydns', async () => {
    await using server = await serve('.:0 {\nchaos\nwhoami\n}');
    for (const name of ['hostname.bind', 'id.server']) {
      const { answers } = await ask({ port: server.port, name, type: 'TXT', class: 'CH' });
      expect(answers).toEqual([`${name}. 0 CH TXT "${hostname()}"`]);
    }
    expect((await ask({ port: server.port, name: 'version.bind', type: 'TXT', class: 'CH' })).answers.join()).toMatch(/"ferrydns-\d/);
  });

  test('cuts texts to 255 octets, and authors come once each in changing order', async () => {
    const authors = ['a', 'b', 'c', 'd', 'e'];
    await using server = await serve(`.:0 {\nchaos ${'v'.repeat(300)} ${authors.join(' ')} a b\nwhoami\n}`);
    const asked = async (name: string) => (await ask({ port: server.port, name, type: 'TXT', class: 'CH', transport: 'tcp' })).answers;
    expect((await asked('version.bind'))[0]).toBe(`version.bind. 0 CH TXT "${'v'.repeat(255)}"`);
    const orders = new Set<string>();
    for (let i = 0; i < 60; i++) orders.add((await asked('authors.bind')).map((each) => each.at(-2)).join(''));
    expect([...(orders.values().next().value ?? '')].sort()).toEqual(authors);
    // That sixty draws out of 120 orders are all alike does not happen.
    expect(orders.size).toBeGreaterThan(1);
  });
});

describe('header', () => {
  test('changes RD of the query that plugins behind it see, and not that of the reply', async () => {
    const seen: boolean[] = [];
    const looking = definePlugin({
      name: 'looking',
      summary: '',
      config: {},
      setup: () => ({
        handle(query: Query, next) {
          seen.push(query.recursionDesired);
          return next(query);
        },
      }),
    });
    await using server = await serve('.:0 {\nheader {\nquery set rd\n}\nlooking\nwhoami\n}', {
      plugins: [{ plugin: looking, place: { before: 'whoami' } }],
    });
    const reply = await server.ask('a.test', 'A', { recursionDesired: false });
    expect([seen, reply.flags]).toEqual([[true], ['aa']]);
  });

  test('says that aa and ra mean nothing in a query', async () => {
    await using server = await serve('.:0 {\nheader {\nquery set aa\n}\nwhoami\n}');
    expect(server.lines.join('\n')).toContain('aa means nothing in a query');
  });

  test.each([
    ['', "Wrong argument count or unexpected line ending after 'header'"],
    ['answer set ra', 'setting up rule: invalid selector=answer should be query or response'],
    ['query', 'setting up rule: no flag action provided'],
    ['query set', 'setting up rule: invalid length for flags, at least one should be provided'],
    ['response toggle ra', 'setting up rule: unknown flag action=toggle, should be set or clear'],
    ['response set tc', 'setting up rule: unknown/unsupported flag=tc'],
  ])('%j is refused', async (line, message) => {
    expect(await refusal(`.:0 {\nheader {\n${line}\n}\nwhoami\n}`)).toContain(message);
  });
});

test('minimal leaves an EDNS option of the reply alone', async () => {
  await using server = await serve('.:0 {\nminimal\nnsid x\nwhoami\n}');
  const answer = await server.ask('a.test', 'A', nsid);
  expect([answer.additionals, answer.options.length]).toEqual([[], 1]);
});

test('any answers questions for any name and over any transport with one record', async () => {
  await using server = await serve('.:0 {\nany\nhosts {\n192.0.2.1 a.test\n192.0.2.2 a.test\n}\n}');
  for (const transport of ['udp', 'tcp'] as const) {
    expect(await server.ask('a.test', 'ANY', { transport })).toMatchObject({
      rcode: 'NOERROR',
      answers: ['a.test. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"'],
    });
  }
});
