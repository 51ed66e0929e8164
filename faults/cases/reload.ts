// The configuration is loaded again and again under load.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast, atMost, exactly, type Fault, type Figures } from '../fault.ts';
import { after, type Lab } from '../lab.ts';
import { corefile, type Setup } from '../setup.ts';
import type { Subject } from '../subject.ts';

const RELOADS = 100;
const STEP = 10;
const RATE = 2000;
const LEAST_SECONDS = 20;
/** By which a server is told to load its configuration again. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = { ferrydns: 'SIGHUP', coredns: 'SIGUSR1', unbound: 'SIGHUP' };

interface Kind {
  readonly name: string;
  readonly what: string;
  readonly lines: readonly string[];
  /** A worker is killed every five seconds. */
  readonly killing?: boolean;
  readonly peers: readonly string[];
  readonly lost: number;
}

const kinds: readonly Kind[] = [
  { name: 'reload', what: '', lines: [], peers: ['coredns', 'unbound'], lost: 0 },
  { name: 'reload-workers', what: ', multisocket 2', lines: ['multisocket 2'], peers: ['coredns'], lost: 0 },
  // What it had in its hands, and what had arrived in its sockets: a few milliseconds of the load.
  {
    name: 'reload-workers-killed',
    what: ', multisocket 2, a worker killed every 5 s',
    lines: ['multisocket 2'],
    killing: true,
    peers: [],
    lost: 100,
  },
];

export const reload: readonly Fault[] = kinds.map(({ name, what, lines, killing = false, peers, lost }) => ({
  name,
  title: `${RELOADS} reloads under ${RATE.toLocaleString('en')} queries a second over UDP (new names) and TCP (names from the cache)${what}`,
  peers,
  expectations: [
    atMost('UDP lost', lost),
    atMost('TCP lost', lost),
    ...(killing ? [] : [atMost('UDP p99 ms', 20)]),
    exactly('failed', 0),
    atLeast('reloads', killing ? 1 : RELOADS),
  ],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const setup = { upstreams, lines };
    const server = await lab.start(setup);
    await lab.warm(server);
    return reloadUnderLoad(lab, server, setup, killing);
  },
}));

async function reloadUnderLoad(lab: Lab, server: Subject, setup: Setup, killing: boolean): Promise<Figures> {
  // A hundred reloads take their time.
  const seconds = Math.max(LEAST_SECONDS, 2 * lab.seconds);
  const half = { rate: RATE / 2, seconds };
  const loads = Promise.all([lab.load(server, { ...half, names: 'new' }), lab.load(server, { ...half, names: 'kept', transport: 'tcp' })]);
  const begun = performance.now();
  const killer = setInterval(() => killing && killWorker(server), 5000);
  for (let count = 0; count < RELOADS && performance.now() - begun < (seconds - 1) * 1000; count += 1) {
    // CoreDNS loads nothing that has not changed.
    if (readsCorefile(server)) writeCorefile(server, { ...setup, lines: [...(setup.lines ?? []), ...(count % 2 === 0 ? ['loadbalance'] : [])] });
    server.child.process.kill(SIGNALS[lab.server]);
    await reloaded(server, count + 1);
    await after(Math.max(0, begun + ((count + 1) * (seconds - 2) * 1000) / RELOADS - performance.now()));
  }
  const reloads = readsCorefile(server) ? reloadsOf(server) : RELOADS;
  const [udp, tcp] = await loads.finally(() => clearInterval(killer));
  return {
    reloads,
    'UDP lost': udp.lost,
    'UDP p99 ms': udp.p99,
    'UDP max ms': udp.max,
    'TCP lost': tcp.lost,
    'TCP p99 ms': tcp.p99,
    failed: udp.failed + tcp.failed,
  };
}

/** Until it says that it has loaded, where it says so. */
async function reloaded(server: Subject, times: number): Promise<void> {
  await after(STEP);
  for (const end = performance.now() + 5000; readsCorefile(server) && reloadsOf(server) < times && performance.now() < end; await after(STEP));
}

function readsCorefile({ name }: Subject): boolean {
  return name === 'ferrydns' || name === 'coredns';
}

function reloadsOf({ log }: Subject): number {
  return log.split('Reloading complete').length - 1;
}

function writeCorefile({ folder, ports }: Subject, setup: Setup): void {
  const file = join(folder, 'Corefile');
  writeFileSync(`${file}.new`, corefile(setup, ports));
  renameSync(`${file}.new`, file);
}

function killWorker(server: Subject): void {
  const [worker] = server.workers;
  if (worker !== undefined) process.kill(worker, 'SIGKILL');
}
