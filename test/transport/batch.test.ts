// What the batch transport does beyond what every UDP transport does: the address asked, errors of the system, turns, closing.
import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Answerer, type Peer, pending } from '../../src/transport/answerer.ts';
import { socketAddress } from '../../src/transport/batch/address.ts';
import { UdpDescriptor } from '../../src/transport/batch/descriptor.ts';
import { isNativeAvailable } from '../../src/transport/batch/library.ts';
import { listenUdpInBatches } from '../../src/transport/batch/listen.ts';
import { nameStride } from '../../src/transport/batch/messages.ts';
import { BatchSocket, type Descriptor } from '../../src/transport/batch/socket.ts';
import type { UdpClient } from '../support/client.ts';
import { client, echo, hasIpv6, open, silent } from '../support/udp.ts';

const module = new URL('../../src/transport/open-udp.ts', import.meta.url).href;
// Numbers of Linux.
const [EPERM, EINTR, EAGAIN, ENOBUFS, ECONNREFUSED] = [1, 4, 11, 105, 111];

async function listen(answer: Answerer['answer'], address = '127.0.0.1') {
  const listening = await listenUdpInBatches({ address, port: 0, answerer: { answer }, log: silent });
  open.add(listening);
  return listening;
}

/** A socket whose system calls are changed. */
function listenWith(answer: Answerer['answer'], change: (real: UdpDescriptor) => Partial<Descriptor>, now?: () => number): BatchSocket {
  const name = socketAddress('127.0.0.1', 0);
  const real = new UdpDescriptor({ family: 4, name, shared: false, packetInfo: false, bufferSize: 0 });
  const descriptor: Descriptor = {
    name: () => real.name(),
    receive: (messages) => real.receive(messages),
    send: (messages, first, count) => real.send(messages, first, count),
    watch: (readable) => real.watch(readable),
    close: () => real.close(),
    ...change(real),
  };
  const answerer = now === undefined ? { answer } : { answer, now };
  const socket = new BatchSocket(descriptor, { address: '127.0.0.1', answerer, log: silent });
  open.add(socket);
  return socket;
}

async function texts(from: UdpClient, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) received.push(String(await from.next()));
  return received;
}

describe.runIf(isNativeAvailable())('a wildcard socket', () => {
  test('answers from the address that was asked, at once and later, and tells it', async () => {
    const locals: string[] = [];
    const { port } = await listen((wire, start, end, peer, out) => {
      locals.push(`${peer.address} ${peer.localAddress}`);
      if (wire[start] !== 0x6c) return echo(wire, start, end, peer, out);
      setImmediate(() => peer.send(Buffer.from('later')));
      return pending;
    }, '0.0.0.0');
    // A connected socket takes an answer from the asked address alone.
    const askers = await Promise.all(['127.0.0.1', '127.0.0.5', '127.9.9.9'].map((address) => client(port, address)));
    for (const asker of askers) asker.send(Buffer.from('now'));
    expect(await Promise.all(askers.map((asker) => texts(asker, 1)))).toEqual([['now'], ['now'], ['now']]);
    for (const asker of askers) asker.send(Buffer.from('later'));
    expect(await Promise.all(askers.map((asker) => texts(asker, 1)))).toEqual([['later'], ['later'], ['later']]);
    expect(new Set(locals)).toEqual(new Set(['127.0.0.1 127.0.0.1', '127.0.0.1 127.0.0.5', '127.0.0.1 127.9.9.9']));
  });

  test.runIf(hasIpv6)('does so with IPv6, link-local addresses included', async () => {
    const locals: string[] = [];
    const { port, address } = await listen((wire, start, end, peer, out) => {
      locals.push(`${peer.address} ${peer.localAddress}`);
      return echo(wire, start, end, peer, out);
    }, '::');
    const own = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
      (entries ?? []).filter(({ family }) => family === 'IPv6').map((entry) => (entry.scopeid === 0 ? entry.address : `${entry.address}%${name}`)),
    );
    for (const each of own) {
      const asker = await client(port, each);
      asker.send(Buffer.from(each));
      expect(await texts(asker, 1)).toEqual([each]);
    }
    expect(address).toBe('::');
    expect(locals).toEqual(own.map((each) => `${each} ${each}`));
  });
});

describe.runIf(isNativeAvailable())('the time at which queries were received', () => {
  test('is read once for all that one call receives, and anew for the next', async () => {
    let reading = 0;
    let ready = false;
    const times: (number | undefined)[] = [];
    const noted: Answerer['answer'] = (wire, start, end, peer, out) => {
      times.push(peer.receivedAt);
      return echo(wire, start, end, peer, out);
    };
    const socket = listenWith(
      noted,
      (real) => ({ receive: (messages) => (ready ? real.receive(messages) : 0) }),
      () => ++reading,
    );
    const asker = await client(socket.port);
    const received = texts(asker, 3);
    for (const text of ['1', '2', '3']) asker.send(Buffer.from(text));
    await new Promise((resolve) => setImmediate(resolve));
    ready = true;
    await received;
    asker.send(Buffer.from('4'));
    await texts(asker, 1);
    expect(times).toEqual([1, 1, 1, 2]);
  });
});

describe.runIf(isNativeAvailable())('errors of the system', () => {
  test('a call that sends a part is followed by one for the rest', async () => {
    const socket = listenWith(echo, (real) => ({ send: (messages, first, count) => real.send(messages, first, Math.min(count, 3)) }));
    const asker = await client(socket.port);
    const sent = Array.from({ length: 100 }, (_, i) => String(i));
    for (const text of sent) asker.send(Buffer.from(text));
    expect(await texts(asker, 100)).toEqual(sent);
    expect(socket.counters).toMatchObject({ received: 100, sent: 100, sendErrors: 0, discarded: 0 });
  });

  test.each([
    ['EAGAIN', EAGAIN],
    ['ENOBUFS', ENOBUFS],
    ['EINTR', EINTR],
  ])('answers wait when the system says %s', async (_name, errno) => {
    let failures = 5;
    const socket = listenWith(echo, (real) => ({ send: (...all) => (failures-- > 0 ? -errno : real.send(...all)) }));
    const asker = await client(socket.port);
    asker.send(Buffer.from('wait'));
    expect(await texts(asker, 1)).toEqual(['wait']);
    expect(socket.counters).toMatchObject({ sendBlocked: 5, sent: 1, discarded: 0 });
  });

  /** A clock that goes on while the process does not, as when it is stopped, or when others have the machine. */
  function stoppable(): { stop(milliseconds: number): void } {
    let stopped = 0;
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + stopped);
    onTestFinished(() => clock.mockRestore());
    const stop = (milliseconds: number) => {
      stopped += milliseconds;
    };
    return { stop };
  }

  test('an answer that was decided before the process was stopped for long is not sent after it: the query is answered anew', async () => {
    const process = stoppable();
    let asked = 0;
    const socket = await listen((_wire, _start, _end, _peer, out) => {
      asked++;
      if (asked === 1) process.stop(1001);
      return Buffer.from(out.buffer, out.byteOffset).write(`answer ${asked}`);
    });
    const asker = await client(socket.port);
    asker.send(Buffer.from('query'));
    expect(await texts(asker, 1)).toEqual(['answer 2']);
    expect(socket.counters).toMatchObject({ received: 1, sent: 1, discarded: 1 });
  });

  test('one that takes so long each time is given up, new ones are not', async () => {
    const process = stoppable();
    const socket = await listen((wire, start, end, peer, out) => {
      if (wire[start] === 0x6f) process.stop(1001);
      return echo(wire, start, end, peer, out);
    });
    const asker = await client(socket.port);
    asker.send(Buffer.from('old'));
    await expect.poll(() => socket.counters).toMatchObject({ received: 1, sent: 0, discarded: 2 });
    asker.send(Buffer.from('new'));
    expect(await texts(asker, 1)).toEqual(['new']);
  });

  test('answers that the system has no room for are given up, new ones are not', async () => {
    let blocked = true;
    const socket = listenWith(echo, (real) => ({ send: (...all) => (blocked ? -EAGAIN : real.send(...all)) }));
    const asker = await client(socket.port);
    for (let i = 0; i < 100; i++) asker.send(Buffer.from('lost'));
    while (socket.counters.discarded < 64) await new Promise((resolve) => setImmediate(resolve));
    blocked = false;
    asker.send(Buffer.from('new'));
    const received = await texts(asker, 37);
    expect(received.slice(0, 36)).toEqual(Array(36).fill('lost'));
    expect(received[36]).toBe('new');
    expect(socket.counters.discarded).toBe(64);
  });

  test('answers are not kept for ever when nothing can be sent', async () => {
    const socket = listenWith(echo, () => ({ send: () => -EAGAIN }));
    (await client(socket.port)).send(Buffer.from('lost'));
    while (socket.counters.discarded < 1) await new Promise((resolve) => setImmediate(resolve));
    // Fewer when the machine is so busy that the answer becomes old before.
    expect(socket.counters.sendCalls).toBeOneOf(Array.from({ length: 101 }, (_, i) => i + 1));
    expect(socket.counters).toMatchObject({ sent: 0, discarded: 1 });
  });

  test.each([
    ['once is sent', [1], ['1', '2', '3']],
    ['twice costs no other', [1, 2], ['1', '3']],
  ])('an answer that is refused %s', async (_name, refusedCalls, heard) => {
    let calls = 0;
    const socket = listenWith(echo, (real) => ({
      send: (messages, first, count) => (refusedCalls.includes(calls++) ? -EPERM : real.send(messages, first, 1 + 0 * count)),
    }));
    const asker = await client(socket.port);
    for (const text of ['1', '2', '3']) asker.send(Buffer.from(text));
    expect(await texts(asker, heard.length)).toEqual(heard);
    expect(socket.counters).toMatchObject({ sendErrors: refusedCalls.length, sent: heard.length });
  });

  test.each([
    ['ECONNREFUSED', ECONNREFUSED, 1],
    ['EINTR', EINTR, 0],
    ['EAGAIN', EAGAIN, 0],
  ])('receiving goes on after %s', async (_name, errno, counted) => {
    let calls = 0;
    const socket = listenWith(echo, (real) => ({ receive: (messages) => (calls++ === 0 ? -errno : real.receive(messages)) }));
    const asker = await client(socket.port);
    asker.send(Buffer.from('here'));
    expect(await texts(asker, 1)).toEqual(['here']);
    expect(socket.counters.receiveErrors).toBe(counted);
  });

  test('a datagram from port 0, or without an address, is counted and not answered', async () => {
    const asked: string[] = [];
    const answer: Answerer['answer'] = (wire, start, end, peer, out) => {
      asked.push(Buffer.from(wire.subarray(start, end)).toString());
      return echo(wire, start, end, peer, out);
    };
    const socket = listenWith(answer, (real) => ({
      receive: (messages) => {
        const count = real.receive(messages);
        for (let slot = 0; slot < count; slot++) {
          if (messages.data[slot]?.[0] === 0x30) messages.names[slot * nameStride] = 2;
          if (messages.data[slot]?.[0] === 0x78) messages.names[slot * nameStride] = 0;
        }
        return count;
      },
    }));
    const asker = await client(socket.port);
    for (const text of ['0', 'x', 'good']) asker.send(Buffer.from(text));
    expect(await texts(asker, 1)).toEqual(['good']);
    expect(asked).toEqual(['good']);
    expect(socket.counters.unanswerable).toBe(2);
  });

  test('messages longer than a slot are counted', async () => {
    const { port, counters } = await listen(echo);
    const asker = await client(port);
    for (const length of [4096, 4097, 9000]) asker.send(Buffer.alloc(length));
    for (let i = 0; i < 3; i++) expect((await asker.next())?.length).toBe(4096);
    expect(counters).toMatchObject({ received: 3, truncated: 2, sent: 3 });
  });

  test('an answerer that throws costs its own query alone', async () => {
    const failures: unknown[] = [];
    const socket = listenWith(
      (wire, start, end, peer, out) => {
        if (wire[start] === 0x21) throw new Error('answerer failed');
        return echo(wire, start, end, peer, out);
      },
      (real) => ({
        watch: (readable) =>
          real.watch(() => {
            try {
              readable();
            } catch (error) {
              failures.push(error);
            }
          }),
      }),
    );
    const asker = await client(socket.port);
    asker.send(Buffer.from('!'));
    while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
    asker.send(Buffer.from('fine'));
    expect(await texts(asker, 1)).toEqual(['fine']);
  });
});

describe.runIf(isNativeAvailable())('turns', () => {
  test('others have their turn while more arrives than can be answered', async () => {
    let [batches, turns] = [0, 0];
    // A source that never runs dry: each call gives a full batch and leaves the datagram where it is.
    const socket = listenWith(
      () => 0,
      (real) => ({
        receive: () => {
          batches++;
          return 64;
        },
        watch: (readable) =>
          real.watch(() => {
            turns++;
            readable();
          }),
      }),
    );
    (await client(socket.port)).send(Buffer.from('x'));
    while (turns < 5) await new Promise((resolve) => setTimeout(resolve));
    expect(batches / turns).toBe(4);
  });

  test('a burst waits in the kernel until its turn comes', async () => {
    const listening = await listen(() => 0);
    const asker = await client(listening.port);
    // More than fit into the buffer of a socket as Linux makes it; they go out before the event loop looks at what came in.
    for (let i = 0; i < 450; i++) asker.send(Buffer.from('x'));
    await listening.close();
    expect(listening.counters.received).toBe(450);
  });

  test('when more is asked for a second than can be answered, what waits is dropped, and what comes then is answered', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const answered: string[] = [];
    const listening = await listen((wire, start, end) => {
      answered.push(Buffer.from(wire.subarray(start, end)).toString());
      // Two turns of 256 messages take a second, and each batch less: else its answers would be too old to be sent.
      vi.advanceTimersByTime(4);
      return 0;
    });
    const asker = await client(listening.port);
    for (let i = 0; i < 1000; i++) asker.send(Buffer.from(`old${i}`));
    await expect.poll(() => listening.counters.received + listening.counters.shed).toBe(1000);
    expect(answered).toEqual(Array.from({ length: 512 }, (_, i) => `old${i}`));
    expect(listening.counters).toMatchObject({ received: 512, shed: 488 });
    asker.send(Buffer.from('new'));
    await expect.poll(() => answered.at(-1)).toBe('new');
  });

  test('one call sends many answers, also those that came later', async () => {
    const waiting: Peer[] = [];
    const { port, counters } = await listen((_wire, _start, _end, peer) => {
      waiting.push(peer);
      if (waiting.length === 40) queueMicrotask(() => waiting.forEach((each) => void each.send(Buffer.from('later'))));
      return pending;
    });
    const asker = await client(port);
    for (let i = 0; i < 40; i++) asker.send(Buffer.from('x'));
    expect(await texts(asker, 40)).toEqual(Array(40).fill('later'));
    expect(counters).toMatchObject({ sent: 40, sendCalls: 1 });
  });
});

describe.runIf(isNativeAvailable())('closing', () => {
  test('queries in hand are answered before the socket is gone; what had arrived is answered too', async () => {
    const peers: Peer[] = [];
    const listening = await listen((wire, start, end, peer, out) => {
      if (wire[start] !== 0x73) return echo(wire, start, end, peer, out);
      peers.push(peer);
      return pending;
    });
    const asker = await client(listening.port);
    asker.send(Buffer.from('slow'));
    while (peers.length === 0) await new Promise((resolve) => setImmediate(resolve));
    let closed = false;
    await new Promise<void>((resolve) => {
      asker.send(Buffer.from('quick'));
      // The datagram is in the kernel when this runs, and the event loop has not looked yet.
      process.nextTick(resolve);
    });
    const closing = listening.close().then(() => {
      closed = true;
    });
    expect(listening.close()).toBe(listening.close());
    expect(await asker.next()).toEqual(Buffer.from('quick'));
    expect(closed).toBe(false);
    peers[0]?.send(Buffer.from('slow, but here'));
    expect(String(await asker.next())).toBe('slow, but here');
    await closing;
  });

  test('a query that hangs is waited for five seconds', async () => {
    const { promise, resolve } = Promise.withResolvers<Peer>();
    const listening = await listen((_wire, _start, _end, peer) => {
      resolve(peer);
      return pending;
    });
    (await client(listening.port)).send(Buffer.from('hangs'));
    await promise;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closing = listening.close();
      while (vi.getTimerCount() === 0) await new Promise((done) => setImmediate(done));
      await vi.advanceTimersByTimeAsync(4999);
      expect(await Promise.race([closing.then(() => 'closed'), new Promise((done) => setImmediate(() => done('open')))])).toBe('open');
      await vi.advanceTimersByTimeAsync(1);
      await closing;
    } finally {
      vi.useRealTimers();
    }
  });

  test('a query that gets no answer is not waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<Peer>();
    const listening = await listen((_wire, _start, _end, peer) => {
      resolve(peer);
      return pending;
    });
    (await client(listening.port)).send(Buffer.from('never'));
    (await promise).sendNothing();
    await listening.close();
    await expect(listen(echo)).resolves.toBeDefined();
  });
});

describe.runIf(isNativeAvailable())('in a process of its own', () => {
  const run = async (flags: string[], code: string) => {
    const prelude = `import { openUdp } from ${JSON.stringify(module)};
      const log = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };
      const answerer = { answer: () => 0 };
      const socket = await openUdp({ address: '127.0.0.1', port: 0, answerer, log });`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '-e', prelude + code]);
    return { stdout: stdout.trim(), stderr };
  };

  test('says nothing of experiments, and keeps the warnings of others', async () => {
    const { stdout, stderr } = await run([], `console.log(socket.kind); await socket.close(); process.emitWarning('mine', 'ExperimentalWarning');`);
    expect(stdout).toBe('batch');
    expect(stderr).toContain('ExperimentalWarning: mine');
    expect(stderr).not.toContain('FFI');
  });

  test.each([['--no-experimental-ffi'], ['--permission', '--allow-fs-read=*', '--allow-net']])(
    'without node:ffi dgram serves (%s)',
    async (...flags) => {
      const { stdout } = await run(flags, 'console.log(socket.kind); await socket.close();');
      expect(stdout).toBe('dgram');
    },
  );

  test('the process ends by itself once the socket is closed, and with it open when told to', async () => {
    expect(await run([], `await socket.close(); process.on('exit', (code) => console.log(code));`)).toEqual({ stdout: '0', stderr: '' });
    expect(await run([], `process.on('exit', (code) => console.log(code)); process.exit();`)).toEqual({ stdout: '0', stderr: '' });
  });

  test('a worker that fails with an open socket leaves the process alive', async () => {
    const source = `import { openUdp } from ${JSON.stringify(module)};
      import { parentPort } from 'node:worker_threads';
      const log = { debug() {}, info() {}, warn() {}, error() {}, debugging: false };
      const socket = await openUdp({ address: '127.0.0.1', port: 0, answerer: { answer: (w, s, e, p, out) => { out[0] = 1; return 1; } }, log });
      parentPort.once('message', () => { throw new Error('worker failed'); });
      parentPort.postMessage({ kind: socket.kind, port: socket.port });`;
    const code = `import { Worker } from 'node:worker_threads';
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(source)})), { execArgv: [] });
      worker.on('message', ({ kind }) => { console.log(kind); worker.postMessage('fail'); });
      worker.on('error', (error) => console.log(error.message));
      worker.on('exit', (code) => { console.log('worker ended', code); socket.close(); });`;
    expect(await run([], code)).toEqual({ stdout: 'batch\nworker failed\nworker ended 1', stderr: '' });
  });
});
