// The configuration is replaced by one with a mistake.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';
import { corefile } from '../setup.ts';

export const brokenConfiguration: Fault = {
  name: 'broken-configuration',
  title: 'a configuration with a mistake comes under 2,000 new names a second, and is looked at every 2 s',
  peers: ['coredns'],
  expectations: [
    exactly('lost', 0),
    exactly('failed', 0),
    atMost('p99 ms', 20),
    exactly('errors logged', 1),
    exactly('metric', 1),
    exactly('line named', 1),
  ],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const lines = ['reload 2s 0s'];
    const server = await lab.start({ upstreams, lines });
    await lab.warm(server);
    const load = lab.load(server, { names: 'new', rate: 2000, seconds: 8 });
    await after(500);
    const file = join(server.folder, 'Corefile');
    const text = corefile({ upstreams, lines: [...lines, 'cash 30'] }, server.ports);
    writeFileSync(file, text);
    const { sent, lost, failed, p99, max } = await load;
    const [command = '', ...args] = lab.command;
    const start = spawnSync(command, [...args, '-conf', file, '-p', '5499'], { encoding: 'utf8', timeout: 10_000 });
    const line = text.split('\n').findIndex((each) => each.includes('cash')) + 1;
    const named = start.status !== 0 && `${start.stdout}${start.stderr}`.includes(`:${line}`);
    const errors = server.log.split('reload failed').length - 1;
    return {
      sent,
      lost,
      failed,
      'p99 ms': p99,
      'max ms': max,
      'errors logged': errors,
      metric: await server.metric('coredns_reload_failed_total'),
      'line named': named ? 1 : 0,
    };
  },
};
