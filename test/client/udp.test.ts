import { openUdpClient } from 'ferrydns/built-in';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UdpChannel } from '../../src/client/udp.ts';
import { defaultUdpKind, type UdpKind } from '../../src/transport/open-udp.ts';
import type { Receiver } from '../../src/transport/udp-socket.ts';
import { writeMessage } from '../support/message.ts';
import { startUpstream } from '../support/upstream.ts';

const queryFor = (id: number) => writeMessage({ id, flags: ['rd'], questions: [{ name: `n${id}.example.org`, type: 'A', class: 'IN' }] });
const counter = () => ({
  value: 0,
  add() {
    this.value++;
  },
});

/** Waits for the reply with this id. */
const waiting = (id: number) => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const receiver: Receiver = {
    received(message) {
      if (message.readUInt16BE(0) !== id) return false;
      resolve(id);
      return true;
    },
    failed: reject,
  };
  return { promise, receiver };
};

/** Asks all in one turn. Resolves to the ids of the replies. */
const askAtOnce = (channel: UdpChannel, ids: readonly number[]) =>
  Promise.all(
    ids.map((id) => {
      const { promise, receiver } = waiting(id);
      channel.ask(queryFor(id), receiver);
      return promise;
    }),
  );

/** So many queries that the channel, whose clock stands still, takes it for load. Few at a time, so that none is lost. */
const crowd = async (channel: UdpChannel) => {
  for (let first = 0; first < 512; first += 32)
    await askAtOnce(
      channel,
      Array.from({ length: 32 }, (_, i) => first + i),
    );
};

const kinds: UdpKind[] = defaultUdpKind() === 'batch' ? ['batch', 'dgram'] : ['dgram'];

describe.each(kinds)('sockets by %s', (kind) => {
  const channelTo = (endpoint: string, limit: number) => {
    const [host = '', port] = endpoint.split(':');
    const counters = { hits: counter(), misses: counter() };
    const client = openUdpClient(kind);
    const channel = new UdpChannel(
      { transport: 'dns', host, port: Number(port), serverName: '' },
      { client, source: undefined, counters, limit, now: () => 0 },
    );
    onTestFinished(() => {
      channel.close();
      client.close();
    });
    return { channel, counters };
  };

  test('queries that share a port and happen to have the same id each get the reply to their question', async () => {
    const upstream = await startUpstream({ '* *': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 TXT "yes"`], delay: 20 }) });
    onTestFinished(() => upstream.stop());
    const { channel } = channelTo(upstream.endpoint, 0);
    const names = ['one.test', 'two.test', 'three.test'];
    const heard = names.map((name) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const query = writeMessage({ id: 7, flags: ['rd'], questions: [{ name, type: 'TXT', class: 'IN' }] });
      const asked = query.subarray(12);
      // As a transaction judges it: by the question.
      const received = (message: Buffer) => {
        const isMine = message.subarray(12, 12 + asked.length).equals(asked);
        if (isMine) resolve(name);
        return isMine;
      };
      channel.ask(query, { received, failed: reject });
      return promise;
    });
    expect(await Promise.all(heard)).toEqual(names);
  });

  test('beyond the bound of sockets queries share a port, and each gets its own reply', async () => {
    const upstream = await startUpstream({ '* *': { rcode: 'NXDOMAIN', delay: 20 } });
    onTestFinished(() => upstream.stop());
    const { channel, counters } = channelTo(upstream.endpoint, 2);
    const replies = [1, 2, 3, 4, 5].map((id) => {
      const { promise, receiver } = waiting(id);
      channel.ask(queryFor(id), receiver);
      return promise;
    });
    expect(await Promise.all(replies)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(upstream.asked.map(({ from }) => from)).size).toBe(3);
    expect([counters.misses.value, counters.hits.value]).toEqual([2, 3]);
  });

  test('under load the queries of a turn leave together, a few from each port, and each gets its own reply', async () => {
    const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
    onTestFinished(() => upstream.stop());
    const { channel, counters } = channelTo(upstream.endpoint, 512);
    await crowd(channel);
    expect(counters.misses.value).toBe(512);
    upstream.asked.length = 0;
    const ids = Array.from({ length: 60 }, (_, i) => 1000 + i);
    expect(await askAtOnce(channel, ids)).toEqual(ids);
    const perPort = Map.groupBy(upstream.asked, ({ from }) => from);
    expect([...perPort.values()].map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 6));
    expect([counters.misses.value, counters.hits.value]).toEqual([522, 50]);
    for (const id of [1, 2, 3, 4, 5]) await askAtOnce(channel, [id]);
    expect(new Set(upstream.asked.slice(-5).map(({ from }) => from)).size, 'ports of queries that are alone in their turn').toBeGreaterThan(3);
  });

  test('queries with the same id do not leave together, and those that are given up hear nothing', async () => {
    const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
    onTestFinished(() => upstream.stop());
    const { channel } = channelTo(upstream.endpoint, 512);
    await crowd(channel);
    upstream.asked.length = 0;
    const heard: number[] = [];
    const givenUp = channel.ask(queryFor(7), { received: () => heard.push(7) > 0, failed: () => heard.push(-7) });
    const replies = askAtOnce(channel, [8, 8, 9]);
    givenUp.close();
    givenUp.close();
    expect(await replies).toEqual([8, 8, 9]);
    expect(new Set(upstream.asked.filter(({ message }) => message.id === 8).map(({ from }) => from)).size).toBe(2);
    expect(heard).toEqual([]);
  });

  test('a closed port fails all that left together, each once and at once', async () => {
    const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
    const { channel } = channelTo(upstream.endpoint, 512);
    await crowd(channel);
    await upstream.stop();
    const failures = [1, 2, 3, 4, 5, 6, 7].map((id) => {
      const { promise, receiver } = waiting(id);
      channel.ask(queryFor(id), receiver);
      return promise.catch((error: Error) => error.message.replace(/:\d+->/, ':PORT->'));
    });
    const refused = `read udp 127.0.0.1:PORT->${upstream.endpoint}: read: connection refused`;
    expect(await Promise.all(failures)).toEqual(failures.map(() => refused));
  });

  test('a closed port fails every query that shares a socket, and the socket goes on serving', async () => {
    const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
    const { channel } = channelTo(upstream.endpoint, 0);
    await upstream.stop();
    const refused = waiting(1);
    channel.ask(queryFor(1), refused.receiver);
    await expect(refused.promise).rejects.toThrow('connection refused');
    const back = await startUpstream({ '* *': 'NXDOMAIN' }, { port: upstream.port });
    onTestFinished(() => back.stop());
    const answered = waiting(2);
    channel.ask(queryFor(2), answered.receiver);
    expect(await answered.promise).toBe(2);
  });

  test('a link that is closed hears of no reply', async () => {
    const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
    onTestFinished(() => upstream.stop());
    const { channel } = channelTo(upstream.endpoint, 0);
    const heard: number[] = [];
    const link = channel.ask(queryFor(1), { received: () => heard.push(1) > 0, failed: () => heard.push(-1) });
    link.close();
    const second = waiting(2);
    channel.ask(queryFor(2), second.receiver);
    await second.promise;
    expect(heard).toEqual([]);
  });
});
