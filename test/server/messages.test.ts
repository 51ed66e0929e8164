// What goes beyond one query and one reply: answers of many messages, NOTIFY, messages as they are on the wire, and who hears that nobody waits any more.
import { definePlugin, type Handle, type Instance, makeQuery, ownClient, provide, type Query, Reply, record, requestObserver } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { TcpClient, UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';

function plugin(instance: Instance, name = 'tested') {
  return { plugin: definePlugin({ name, summary: '', config: {}, setup: () => instance }), place: { before: 'forward' } } as const;
}

const text = (value: string) => record({ name: 'example.org.', type: 'TXT', ttl: 60, data: [value] });

/** Answers with so many messages; counts what was made of them, and whether the rest was given up. */
function zone(count: number) {
  const seen = { made: 0, returned: false };
  async function* rest() {
    try {
      for (let i = 1; i < count; i++) {
        seen.made++;
        yield Reply.answer([text(`${i} ${'x'.repeat(200)}`)]);
      }
    } finally {
      seen.returned = true;
    }
  }
  const handle: Handle = () => Reply.answer([text('0')], { following: rest() });
  return { seen, instance: { handle, settings: { transfers: true } } };
}

describe('an answer of many messages', () => {
  test('comes in order over TCP, before and after other queries of the connection', async () => {
    const { instance } = zone(50);
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin(instance)] });
    const client = await TcpClient.open({ port: server.port });
    client.send(queryMessage('example.org AXFR +id=1'));
    const texts: string[] = [];
    for (let i = 0; i < 50; i++) {
      const message = readMessage((await client.next()) ?? Buffer.alloc(0));
      expect(message.id).toBe(1);
      texts.push(...message.answer.map(({ data }) => data.replaceAll('"', '').split(' ')[0] ?? ''));
    }
    expect(texts).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    client.close();
  });

  test('is one truncated message over UDP', async () => {
    const { instance } = zone(3);
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin(instance)] });
    const reply = await server.ask('example.org', 'TXT');
    expect(reply.flags).toContain('tc');
    expect(reply.answers).toHaveLength(1);
  });

  test('waits for a slow reader, and ends when the client goes', async () => {
    const { instance, seen } = zone(1_000_000);
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin(instance)] });
    const client = await TcpClient.open({ port: server.port });
    client.pause();
    client.send(queryMessage('example.org AXFR +id=1'));
    await expect.poll(() => seen.made).toBeGreaterThan(100);
    // What is made and not taken is what the sockets hold, and no more.
    let before = -1;
    await expect
      .poll(() => {
        const still = seen.made === before;
        before = seen.made;
        return still;
      })
      .toBe(true);
    expect(seen.made).toBeLessThan(100_000);
    client.close();
    await expect.poll(() => seen.returned).toBe(true);
  });

  test('that fails in the middle ends the connection, so that nobody takes it for whole', async () => {
    async function* broken() {
      yield Reply.answer([text('1')]);
      throw new Error('the zone is gone');
    }
    const handle: Handle = () => Reply.answer([text('0')], { following: broken() });
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin({ handle, settings: { transfers: true } })] });
    const client = await TcpClient.open({ port: server.port });
    client.send(queryMessage('example.org AXFR'));
    await client.closed;
    expect(server.lines.join('\n')).toContain('the zone is gone');
  });

  test('counts as in hand until its last message: a reload lets it finish', async () => {
    const gate = Promise.withResolvers<void>();
    async function* slow() {
      await gate.promise;
      yield Reply.answer([text('1')]);
    }
    const handle: Handle = () => Reply.answer([text('0')], { following: slow() });
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin({ handle, settings: { transfers: true } })] });
    const client = await TcpClient.open({ port: server.port });
    client.send(queryMessage('example.org AXFR'));
    await client.next();
    const reloaded = server.reload('.:0 {\nwhoami\n}');
    gate.resolve();
    await reloaded;
    expect(readMessage((await client.next()) ?? Buffer.alloc(0)).answer[0]?.data).toContain('1');
    client.close();
  });

  test('is not kept by cache, nor shared', async () => {
    const { instance, seen } = zone(2);
    await using server = await serve('.:0 {\ncache\ntested\n}', { plugins: [plugin(instance)] });
    for (let i = 0; i < 2; i++) {
      const client = await TcpClient.open({ port: server.port });
      client.send(queryMessage('example.org AXFR'));
      await client.next();
      client.close();
    }
    expect(seen.made).toBeGreaterThan(0);
    expect((await server.metrics()).match(/coredns_cache_entries\{[^}]*\} [1-9]/)).toBeNull();
  });

  test('is refused where no plugin has zones to give', async () => {
    await using server = await serve('.:0 {\nwhoami\n}');
    expect((await server.ask('example.org', 'AXFR', { transport: 'tcp' })).rcode).toBe('REFUSED');
  });
});

describe('NOTIFY', () => {
  const notify = (name: string) => makeQuery({ name: `${name}.` as never, type: 'SOA', client: ownClient, receivedAt: 0, notify: true }).toWire(9);

  test('reaches the plugin that takes it, by its zone, over UDP and TCP', async () => {
    const taken: string[] = [];
    const instance: Instance = {
      notify(query) {
        if (query.name !== 'example.org.') return undefined;
        taken.push(`${query.opcode} ${query.name} ${query.type} ${query.client.transport}`);
        return Reply.empty('NOERROR');
      },
    };
    await using server = await serve('.:0 {\ntested\nwhoami\n}', { plugins: [plugin(instance)] });
    const udp = await UdpClient.open({ port: server.port });
    udp.send(notify('example.org'));
    const reply = readMessage((await udp.next()) ?? Buffer.alloc(0));
    expect([reply.id, reply.opcode, reply.rcode]).toEqual([9, 4, 'NOERROR']);
    udp.send(notify('example.net'));
    expect(readMessage((await udp.next()) ?? Buffer.alloc(0)).rcode).toBe('REFUSED');
    udp.close();
    const tcp = await TcpClient.open({ port: server.port });
    tcp.send(notify('example.org'));
    await tcp.next();
    tcp.close();
    expect(taken).toEqual(['4 example.org. SOA udp', '4 example.org. SOA tcp']);
  });

  test('that nobody takes is refused by a header alone, and a plugin that throws is no crash', async () => {
    await using bare = await serve('.:0 {\nwhoami\n}');
    const client = await UdpClient.open({ port: bare.port });
    client.send(notify('example.org'));
    expect((await client.next())?.toString('hex')).toBe('0009a0050000000000000000');
    client.close();
    const instance: Instance = {
      notify() {
        throw new Error('oh');
      },
    };
    await using broken = await serve('.:0 {\ntested\n}', { plugins: [plugin(instance)] });
    const asker = await UdpClient.open({ port: broken.port });
    asker.send(notify('example.org'));
    expect(readMessage((await asker.next()) ?? Buffer.alloc(0)).rcode).toBe('REFUSED');
    asker.close();
  });
});

describe('messages as they are on the wire', () => {
  test('a plugin sees what was received and what leaves, and writes behind the reply', async () => {
    const received: Buffer[] = [];
    const instance: Instance = {
      wireStep: {
        received: (message) => void received.push(Buffer.from(message)),
        room: () => 4,
        sending(out, length) {
          out.set([1, 2, 3, 4], length);
          return length + 4;
        },
      },
    };
    await using server = await serve('.:0 {\ntested\nwhoami\n}', { plugins: [plugin(instance)] });
    const client = await UdpClient.open({ port: server.port });
    const message = queryMessage('example.org +id=3');
    client.send(message);
    const reply = await client.next();
    client.close();
    expect(received).toEqual([message]);
    expect(reply?.subarray(-4).toString('hex')).toBe('01020304');
  });

  test('of two, the one in front in the chain sees the reply last', async () => {
    const order: string[] = [];
    const step = (name: string): Instance => ({
      wireStep: {
        received: () => void order.push(`${name} in`),
        sending(_, length) {
          order.push(`${name} out`);
          return length;
        },
      },
    });
    await using server = await serve('.:0 {\none\ntwo\nwhoami\n}', { plugins: [plugin(step('one'), 'one'), plugin(step('two'), 'two')] });
    await server.ask('example.org');
    expect(order).toEqual(['one in', 'two in', 'two out', 'one out']);
  });
});

describe('nobody waits any more', () => {
  /** Never answers; tells when it is told to give up. */
  function waiting() {
    const reasons: string[] = [];
    const entered = Promise.withResolvers<Query>();
    const handle: Handle = (query) => {
      query.signal.addEventListener('abort', () => reasons.push((query.signal.reason as Error).message));
      entered.resolve(query);
      return new Promise(() => {});
    };
    return { reasons, entered: entered.promise, instance: { handle } };
  }

  test('the client is gone', async () => {
    const { reasons, entered, instance } = waiting();
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin(instance)] });
    const client = await TcpClient.open({ port: server.port });
    client.send(queryMessage('example.org'));
    const query = await entered;
    expect(query.deadline).toBeGreaterThan(query.receivedAt);
    client.reset();
    await expect.poll(() => reasons).toEqual(['the client is gone']);
  });

  test('the time is up', async () => {
    const { reasons, instance } = waiting();
    await using server = await serve('.:0 {\ntested\n}', { plugins: [plugin(instance)] });
    expect((await server.ask('example.org', 'A', { timeout: 20_000 })).rcode).toBe('SERVFAIL');
    expect(reasons).toEqual(['the time is up']);
  });
});

describe('observers', () => {
  function observer(told: string[], name: string): Instance {
    return {
      provides: [
        provide(requestObserver, {
          unrouted: (query, reply) => void told.push(`${name} ${query.name} ${reply.rcode}`),
          panicked: () => void told.push(`${name} panic`),
          rejected: (message, rcode) => void told.push(`${name} ${message.length} octets ${rcode}`),
        }),
      ],
    };
  }

  test('all are told of what no block answers, of panics and of heads that are no query', async () => {
    const told: string[] = [];
    const plugins = [plugin(observer(told, 'one'), 'one'), plugin(observer(told, 'two'), 'two')];
    await using server = await serve('example.org:0 {\none\ntwo\nwhoami\n}', { plugins });
    await server.ask('example.net');
    const client = await UdpClient.open({ port: server.port });
    client.send(queryMessage('example.org +opcode=5'));
    await client.next();
    client.send(Buffer.from('000101000002000000000000', 'hex'));
    await client.next();
    client.close();
    expect(told).toEqual([
      'one example.net. REFUSED',
      'two example.net. REFUSED',
      'one 29 octets 4',
      'two 29 octets 4',
      'one 12 octets 1',
      'two 12 octets 1',
    ]);
  });

  test('prometheus in two blocks counts once', async () => {
    await using server = await serve('a.example:0 {\nprometheus 127.0.0.1:0\nwhoami\n}\nb.example:0 {\nprometheus 127.0.0.1:0\nwhoami\n}');
    await server.ask('example.net');
    const client = await UdpClient.open({ port: server.port });
    client.send(queryMessage('example.org +opcode=5'));
    await client.next();
    client.close();
    const metrics = await server.metrics();
    expect(metrics).toMatch(/coredns_dns_responses_total\{[^}]*rcode="REFUSED"[^}]*zone="dropped"[^}]*\} 1/);
    expect(metrics).toMatch(/ferrydns_messages_rejected_total\{[^}]*rcode="NOTIMP"[^}]*\} 1/);
  });
});
