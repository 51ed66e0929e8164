// The process has no file descriptor left.
import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { atMost, exactly, type Fault, type Figures } from '../fault.ts';
import { after, type Lab } from '../lab.ts';
import type { Subject } from '../subject.ts';

export const descriptors: readonly Fault[] = [64, 1024].map((limit) => ({
  name: `descriptors-${limit}`,
  title: `${limit} file descriptors at most, all taken by idle TCP connections; 500 new names and 500 names from the cache a second over UDP`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  needs: ['prlimit'],
  expectations: [
    exactly('cached lost', 0),
    exactly('new lost', 0),
    exactly('new failed', 0),
    atMost('recovery ms', 2000),
    atMost('TCP again after s', 10),
  ],
  run: (lab) => exhaust(lab, limit),
}));

async function exhaust(lab: Lab, limit: number): Promise<Figures> {
  const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
  const server = await lab.start({ upstreams });
  await lab.warm(server);
  execFileSync('prlimit', ['--pid', String(server.child.pid), `--nofile=${limit}:${limit}`]);
  const stop = keepConnecting(server, limit + 200);
  await after(1000);
  const { seconds } = lab;
  const loads = Promise.all([lab.load(server, { names: 'kept', rate: 500, seconds }), lab.load(server, { names: 'new', rate: 500, seconds })]);
  const [kept, fresh] = await loads.finally(stop);
  const recovery = await server.untilAnswered(lab.newName);
  const tcp = await untilTcp(lab, server);
  return {
    'cached lost': kept.lost,
    'cached p99 ms': kept.p99,
    'new lost': fresh.lost,
    'new failed': fresh.failed,
    'new p99 ms': fresh.p99,
    'recovery ms': recovery,
    'TCP again after s': tcp,
  };
}

/** Seconds until a new connection is answered; NaN when none is in half a minute. */
async function untilTcp(lab: Lab, server: Subject): Promise<number> {
  for (const begun = performance.now(); performance.now() - begun < 30_000; await after(100)) {
    const asked = await server.ask(lab.newName(), { transport: 'tcp', timeout: 1000 }).catch(() => undefined);
    if (asked !== undefined) return (performance.now() - begun) / 1000;
  }
  return Number.NaN;
}

/** Keeps so many TCP connections open, or being opened, on which nothing is asked, until the function is called that it gives. */
function keepConnecting({ ports }: Subject, count: number): () => void {
  const open = new Set<Socket>();
  let stopped = false;
  const add = (): void => {
    const socket = connect({ port: ports.dns, host: '127.0.0.1' });
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(socket);
      if (!stopped) setTimeout(add, 50);
    });
  };
  for (let index = 0; index < count; index += 1) add();
  return () => {
    stopped = true;
    for (const socket of open) socket.destroy();
  };
}
