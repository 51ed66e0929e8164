// The clock of the machine is set.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, exactly, type Fault } from '../fault.ts';
import { after } from '../lab.ts';
import { faketimeLibrary } from '../needs.ts';

/** As libfaketime reads them, one after the other. */
const SHIFTS = ['+3d', '-1d', '+0'];
const TTL = 3600;

export const clock: Fault = {
  name: 'clock',
  title: 'the clock is set three days ahead, then four days back, then right; 1,000 names from the cache and 500 new ones a second',
  // Go asks the kernel for the time without libc: the clock of CoreDNS cannot be set in this way.
  peers: ['unbound', 'dnsdist'],
  needs: ['faketime'],
  expectations: [exactly('lost', 0), exactly('failed', 0), exactly('TTLs wrong', 0), atMost('upstream queries for kept names', 0)],
  async run(lab) {
    const upstream = await lab.upstream();
    const file = join(lab.children.folder, 'faketime');
    writeFileSync(file, '+0\n');
    const variables = { LD_PRELOAD: faketimeLibrary(), FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_TIMESTAMP_FILE: file };
    const through = ['env', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
    const server = await lab.start({ upstreams: [upstream.port] }, { through });
    await lab.warm(server);
    const before = await upstream.queries();
    const { seconds } = lab;
    const loads = Promise.all([lab.load(server, { names: 'kept', rate: 1000, seconds }), lab.load(server, { names: 'new', rate: 500, seconds })]);
    const ttls: number[] = [];
    for (const shift of SHIFTS) {
      await after((seconds * 1000) / (SHIFTS.length + 1));
      writeFileSync(file, `${shift}\n`);
      for (let index = 0; index < 20; index += 1) {
        const asked = await server.ask(`k${index}.kept.bench.`).catch(() => undefined);
        ttls.push(Number(asked?.answer.answers[0]?.split(' ')[1]));
      }
    }
    const [kept, fresh] = await loads;
    const upstreamQueries = (await upstream.queries()) - before;
    return {
      sent: kept.sent + fresh.sent,
      lost: kept.lost + fresh.lost,
      failed: kept.failed + fresh.failed,
      'TTLs wrong': ttls.filter((ttl) => !(ttl >= TTL - 120 && ttl <= TTL)).length,
      'upstream queries for kept names': Math.max(0, upstreamQueries - fresh.sent),
      'p99 ms': Math.max(kept.p99, fresh.p99),
    };
  },
};
