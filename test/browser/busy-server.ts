// A server with something to see in every view: an hour of queries, a move under way, a pool with a member that is down.

import { serve } from 'ferrydns/testing';
import { onTestFinished, vi } from 'vitest';
import { elapse, PlanServer, stopTime } from '../support/migration.ts';
import { tcpService } from '../support/services.ts';
import { startUpstream } from '../support/upstream.ts';

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

const corefile = (upstream: string, service: number) => `.:0 {
    console 127.0.0.1:0
    querylog
    errors
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
const steps = 60;
/** Seconds of a step. */
const pace = 60;

/** Time passes as the test lets it, until the test is over. */
export async function serveBusy(): Promise<PlanServer> {
  stopTime();
  onTestFinished(() => void vi.useRealTimers());
  const service = await tcpService({ address: '127.0.0.1' });
  const upstream = await startUpstream({
    'mail.example.net A': ['mail.example.net 60 A 203.0.113.25'],
    'api.example.net A': ['api.example.net 20 A 203.0.113.80'],
    '* *': 'NXDOMAIN',
  });
  const server = new PlanServer(await serve(corefile(upstream.endpoint, service.port), { now: clock(), files: { 'database.yaml': plan } }));
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    await upstream.stop();
    await service[Symbol.asyncDispose]();
  });
  await anHour(server);
  await intoTheDrain(server);
  return server;
}

/** The clock that the test owns, which goes on by itself for less than its steps: so answers take a while. */
function clock(): () => number {
  let [told, since] = [Date.now(), performance.now()];
  return () => {
    if (Date.now() !== told) [told, since] = [Date.now(), performance.now()];
    return told + Math.min(performance.now() - since, 90);
  };
}

async function anHour(server: PlanServer): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const asked = 6 + Math.round(4 * Math.sin(step / 9)) + (step % 3);
    for (let i = 0; i < asked; i++)
      await server.ask(questions[(step + i * i) % questions.length] ?? '', i % 5 === 4 ? 'AAAA' : 'A', { from: `127.0.1.${1 + (i % 9)}` });
    for (let second = 0; second < pace; second += 5) await elapse(5000);
  }
}

/** Far enough that clients hold A and B. */
async function intoTheDrain(server: PlanServer): Promise<void> {
  const ask = async () => {
    const client = `127.0.2.${1 + (Math.floor(Date.now() / 700) % 14)}`;
    await server.ask('primary.db.example.org', 'A', { from: client });
  };
  await server.when('database', ({ upstream }) => upstream.before !== null, ask);
  await server.order('database', 'start');
  await server.when('database', ({ wait, phase }) => phase === 'lowering' && wait === null, ask);
  await server.order('database', 'advance');
  await server.until('database', 'draining', ask);
  await server.pass('database', 9000, ask);
}
