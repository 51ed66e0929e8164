// A server with something to see in every view: an hour of queries, a move under way, a pool with a member that is down.

import { setTimeout as patience } from 'node:timers/promises';
import type { ShadowStatus } from 'ferrydns/built-in';
import { serve } from 'ferrydns/testing';
import { vi } from 'vitest';
import { elapse, PlanServer, type Status, stopTime } from '../support/migration.ts';
import { tcpService } from '../support/services.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';
import { consoleOf } from './page.ts';

const plan = `plan: database
names:
  primary.db.example.org: { from: 192.0.2.11, to: 198.51.100.11 }
  replica.db.example.org: { from: 192.0.2.12, to: 198.51.100.12 }
mode: exclusive
ttl: 6
transition_ttl: 4
caches: jvm 20s
slack: 1s
countdown: 4s
hold: 1s
fence: [exec, /bin/true]
`;

/** `share` of the queries in percent is compared. */
const corefile = (upstream: string, { service, share }: { readonly service: number; readonly share: number }) => `.:0 {
    console 127.0.0.1:0
    querylog
    errors
    shadow ${upstream} {
        sample ${share}%
        ignore ttl
        except db.example.org shop.example.org
    }
    migrate database.yaml
    migrate www.example.org {
        plan www
        from 192.0.2.21
        to 198.51.100.21
        ttl 300
        canary 5 25 50
        gate exec /bin/false
    }
    pool shop.example.org {
        member 127.0.0.1
        member 127.0.0.2
        member 127.0.0.3 backup
        policy failover
        failback manual
        check tcp ${service}
    }
    cache 30
    hosts {
        192.0.2.80 intranet.example.org
        fallthrough
    }
    forward . ${upstream}
}
example.com:0 {
    cache
    whoami
}
`;

/** What clients ask, the usual more often than the rare. */
const questions = [
  'mail.example.net',
  'mail.example.net',
  'api.example.net',
  'intranet.example.org',
  'shop.example.org',
  'nowhere.example.net',
  'www.example.com',
] as const;
/** Seconds of a sample of the console. */
const sample = 5;

export interface BusyServer extends AsyncDisposable {
  /** Where a browser finds its console. */
  readonly origin: string;
}

/** A server that has been asked for so many minutes. Its time stands still from then on, until it is disposed of. */
export async function serveBusy(minutes: number): Promise<BusyServer> {
  stopTime();
  await using started = new AsyncDisposableStack();
  started.defer(() => void vi.useRealTimers());
  const service = started.use(await tcpService({ address: '127.0.0.1' }));
  const upstream = await startUpstream({
    'mail.example.net A': ['mail.example.net 60 A 203.0.113.25'],
    'api.example.net A': ['api.example.net 20 A 203.0.113.80'],
    '* *': 'NXDOMAIN',
  });
  started.defer(() => upstream.stop());
  // Of an hour in a few seconds all would be too many at a time.
  const share = Math.min(100, Math.round(600 / minutes));
  const running = await serve(corefile(upstream.endpoint, { service: service.port, share }), { now: clock(), files: { 'database.yaml': plan } });
  const server = started.use(new PlanServer(running));
  await ordinary(server, (minutes * 60) / sample);
  await intoTheDrain(server);
  const origin = consoleOf(running);
  await untilCompared(origin);
  const kept = started.move();
  return { origin, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The clock that the test owns, which goes on by itself for less than its steps: so answers take a while. */
function clock(): () => number {
  let [told, since] = [Date.now(), performance.now()];
  return () => {
    if (Date.now() !== told) [told, since] = [Date.now(), performance.now()];
    return told + Math.min(performance.now() - since, 90);
  };
}

/** Queries as on any day, more and less of them by and by. */
async function ordinary(server: PlanServer, samples: number): Promise<void> {
  for (let at = 0; at < samples; at++) {
    const many = 3 + Math.round(2 * Math.sin(at / 70)) + (at % 2);
    const asked = Array.from({ length: many }, (_, i) => {
      const name = questions[(at + i * i) % questions.length] ?? '';
      return server.ask(name, i % 5 === 4 ? 'AAAA' : 'A', { from: `127.0.1.${1 + ((at + i) % 9)}` });
    });
    await Promise.all(asked);
    await elapse(sample * 1000);
  }
}

/** Differences count when they were seen again, after seconds that no clock of a test hurries. */
async function untilCompared(origin: string): Promise<void> {
  for (const late = performance.now() + soon.timeout; performance.now() < late; await patience(soon.interval)) {
    const { shadows } = (await (await fetch(`${origin}/shadow`)).json()) as ToldShadows;
    if ((shadows[0]?.different ?? 0) > 0) return;
  }
  throw new Error('the shadow finds no difference');
}

interface ToldShadows {
  readonly shadows: readonly ShadowStatus[];
}

/** Far enough that clients hold A and B. */
async function intoTheDrain(server: PlanServer): Promise<void> {
  await passUntil(server, ({ upstream }) => upstream.before !== null);
  await server.order('database', 'start');
  await passUntil(server, ({ wait }) => wait === null);
  await server.order('database', 'advance');
  await passUntil(server, ({ phase }) => phase === 'draining');
  for (let second = 0; second < 6; second++) await pass(server);
}

/** A second, in which two clients ask. */
async function pass(server: PlanServer): Promise<void> {
  const first = Math.floor(Date.now() / 1000);
  await Promise.all([first, first * 7].map((number) => server.ask('primary.db.example.org', 'A', { from: `127.0.2.${1 + (number % 23)}` })));
  await elapse(1000);
}

/** A plan that never gets there is an error. */
async function passUntil(server: PlanServer, wanted: (status: Status) => boolean): Promise<void> {
  for (let looks = 0; looks < 3000; looks++) {
    const status = await server.status('database');
    if (wanted(status)) return;
    // The fence is a process of its own, which no clock of a test hurries.
    if (status.fence?.state === 'begun') await patience(20);
    else await pass(server);
  }
  throw new Error(`the move does not go on: ${JSON.stringify(await server.status('database'))}`);
}
