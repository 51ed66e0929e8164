// A server with pools for tests: the test owns the clock, and says when the checks look.
import { sharedChecks } from 'ferrydns/built-in/checks';
import type { Plugin } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { UdpClient } from './client.ts';
import { queryMessage, readMessage } from './message.ts';

export interface PoolServer extends AsyncDisposable {
  readonly server: TestServer;
  /** Lets so many seconds pass, with every check that falls due in them; each is over before time goes on. */
  pass(seconds: number): Promise<void>;
  /** The addresses of one answer, sorted. */
  addresses(name: string, type?: string): Promise<string[]>;
  /** How often each answer came in so many queries. */
  tally(name: string, queries: number, type?: string): Promise<Map<string, number>>;
  /** The value of a metric, by the start of its line up to the blank; undefined when it is not shown. */
  metric(series: string): Promise<number | undefined>;
}

const step = 50;

/** Serves a Corefile; `more` are plugins of the test. */
export async function servePools(corefile: string, more: readonly Plugin[] = []): Promise<PoolServer> {
  let now = 1_000_000;
  const clock = () => now;
  const server = await serve(corefile, { now: clock, plugins: more.map((plugin) => ({ plugin, place: { before: 'whoami' } })) });
  const checks = sharedChecks({ metrics: server.server.metrics, now: clock });
  const addresses = async (name: string, type = 'A') => {
    const { answers } = await server.ask(name, type);
    return answers.map((answer) => answer.split(' ').at(-1) ?? '').sort();
  };
  return {
    server,
    async pass(seconds) {
      for (const end = now + seconds * 1000; now < end; ) {
        now = Math.min(end, now + step);
        await checks.tick();
      }
    },
    addresses,
    async tally(name, queries, type = 'A') {
      const seen = new Map<string, number>();
      const client = await UdpClient.open({ port: server.port });
      for (let asked = 0; asked < queries; asked++) {
        client.send(queryMessage(`${name} ${type}`));
        const reply = await client.next();
        const found = reply === undefined ? ['no reply'] : readMessage(reply).answer.map(({ data }) => data);
        const key = found.sort().join(' ');
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      client.close();
      return seen;
    },
    async metric(series) {
      const line = (await server.metrics()).split('\n').find((each) => each.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
