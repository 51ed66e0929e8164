// Clients hold connections open and send nothing, or a byte now and then.
import { connect, type Socket } from 'node:net';
import { median } from '../../bench/statistics.ts';
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';
import type { Subject } from '../subject.ts';

const CONNECTIONS = 1500;
const TCP_QUERIES = 50;
/** Milliseconds until all are there: it is not their coming that is measured. */
const SETTLING = 1000;
/** Milliseconds between two bytes of those that trickle. */
const TRICKLE = 500;

export const idleConnections: Fault = {
  name: 'idle-connections',
  title: `${CONNECTIONS} TCP connections: a third silent, a third with half a query, a third that send a byte every half second; 1,000 names from the cache a second over UDP`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  expectations: [
    exactly('TCP lost', 0),
    atMost('new TCP query p50 ms', 100),
    exactly('UDP lost', 0),
    atMost('UDP p99 ms', 5),
    atMost('held after 15 s', 0),
  ],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const server = await lab.start({ upstreams });
    await lab.warm(server);
    const open = holdConnections(server);
    await after(SETTLING);
    const load = lab.load(server, { names: 'kept', rate: 1000, seconds: lab.seconds });
    const milliseconds: number[] = [];
    let lost = 0;
    for (let count = 0; count < TCP_QUERIES; count += 1) {
      const asked = await server.ask('k1.kept.bench.', { transport: 'tcp', timeout: 5000 }).catch(() => undefined);
      if (asked === undefined) lost += 1;
      else milliseconds.push(asked.milliseconds);
      if (lost > 3) break;
    }
    const udp = await load;
    await open.endedWithin(15_000);
    const held = open.size;
    open.end();
    return {
      'TCP lost': lost,
      'new TCP query p50 ms': median(milliseconds),
      'UDP lost': udp.lost,
      'UDP p99 ms': udp.p99,
      'held after 15 s': held,
    };
  },
};

function holdConnections({ ports }: Subject) {
  const sockets = new Set<Socket>();
  const begun = performance.now();
  for (let index = 0; index < CONNECTIONS; index += 1) {
    const socket = connect({ port: ports.dns, host: '127.0.0.1' });
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    // A message of 40 octets is announced.
    if (index % 3 === 1) socket.write(Buffer.from([0, 40, 1, 2, 3]));
    if (index % 3 === 2) socket.write(Buffer.from([0, 40]));
    if (index % 3 === 2) trickle(socket);
  }
  return {
    get size() {
      return sockets.size;
    },
    async endedWithin(limit: number) {
      while (sockets.size > 0 && performance.now() - begun < limit) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function trickle(socket: Socket): void {
  const timer = setInterval(() => socket.write(Buffer.of(0)), TRICKLE);
  socket.once('close', () => clearInterval(timer));
}
