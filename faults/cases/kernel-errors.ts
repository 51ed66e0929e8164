// The kernel refuses to send, or to make sockets.
import { atMost, exactly, type Fault, type Figures } from '../fault.ts';
import { after, type Lab } from '../lab.ts';

interface Kind {
  readonly error: string;
  readonly call: string;
  readonly every: number;
  readonly what: string;
}

/** Each of every so many calls of a kind fails. */
const kinds: readonly Kind[] = [
  { error: 'ENOBUFS', call: 'sendto,sendmsg,sendmmsg', every: 20, what: 'one of 20 sends fails: no buffer space' },
  { error: 'EPERM', call: 'sendto,sendmsg,sendmmsg', every: 20, what: 'one of 20 sends fails: not permitted, as by a firewall' },
  { error: 'ENETUNREACH', call: 'connect', every: 5, what: 'one of 5 connects fails: network unreachable' },
  { error: 'EMFILE', call: 'socket', every: 3, what: 'one of 3 sockets cannot be made: too many open files' },
  { error: 'ECONNREFUSED', call: 'recvfrom,recvmsg,recvmmsg', every: 20, what: 'one of 20 receives fails: connection refused' },
];

export const kernelErrors: readonly Fault[] = kinds.map((kind) => ({
  name: `kernel-${kind.error.toLowerCase()}`,
  title: `${kind.what}; 100 new names and 100 names from the cache a second over UDP`,
  peers: ['coredns', 'unbound', 'dnsdist'],
  needs: ['strace'],
  // What the kernel did not take is tried once more.
  expectations: [exactly('stray errors', 0), exactly('lost %', 0), exactly('failed %', 0), atMost('recovery ms', 1000)],
  run: (lab) => inject(lab, kind),
}));

async function inject(lab: Lab, { error, call, every }: Kind): Promise<Figures> {
  const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
  const server = await lab.start({ upstreams });
  await lab.warm(server);
  const options = ['-f', '-qq', '-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${every}+${every}`, '-o', '/dev/null'];
  const strace = lab.run(['strace', ...options, '-p', String(server.child.pid)], 'strace');
  await after(500);
  const seconds = lab.seconds / 2;
  const [kept, fresh] = await Promise.all([
    lab.load(server, { names: 'kept', rate: 100, seconds }),
    lab.load(server, { names: 'new', rate: 100, seconds }),
  ]);
  await lab.children.stop(strace);
  const recovery = await server.untilAnswered(lab.newName);
  const calm = await lab.load(server, { names: 'new', rate: 500, seconds: 1 });
  return {
    'lost %': (100 * (kept.lost + fresh.lost)) / (kept.sent + fresh.sent),
    'failed %': (100 * (kept.failed + fresh.failed)) / (kept.sent + fresh.sent),
    'stray errors': server.log.split(/unhandled|uncaught|panic/i).length - 1,
    'recovery ms': recovery,
    'lost afterwards': calm.lost + calm.failed,
  };
}
