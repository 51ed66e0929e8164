// The story: a primary dies and comes back, an agent asks for less, a mail server dies, and the readers move to new replicas.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, freePort } from 'ferrydns/testing';
import { Service } from '../service.ts';
import { addresses, Members } from './members.ts';
import { moveReaders } from './move.ts';
import { Plan, waitUntil } from './plan.ts';
import type { Found, Kept, Stage } from './stage.ts';

export interface StoryOptions {
  /** Readers of the replicas that move, at most 254. */
  readonly readers: number;
  /** Answers that the share of a member with an agent is counted in. */
  readonly answers: number;
  /** The program that runs a server, and its first words. */
  readonly command: readonly string[];
  /** Hears of every promise as it is looked at. */
  readonly report?: (promise: Kept) => void;
}

/** What a machine with other things to do may take longer, in milliseconds. */
export const allowance = 1500;

/** As the Corefile says, in milliseconds. */
const [interval, fall, rise, ttl, failback] = [200, 2, 2, 1000, 1000];

/** Tells the story; resolves to every promise that was looked at. */
export async function tell(options: StoryOptions): Promise<readonly Kept[]> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-replicas-'));
  copyFileSync(fileURLToPath(new URL('replicas.yaml', import.meta.url)), join(directory, 'replicas.yaml'));
  const [member, agent, admin, port] = await Promise.all([freePort(...addresses), freePort(...addresses), freePort(), freePort()]);
  const members = new Members({ member, agent });
  const environment = { MEMBER_PORT: `${member}`, AGENT_PORT: `${agent}`, ADMIN: `127.0.0.1:${admin}` };
  const service = new Service({ name: 'the server', address: '127.0.0.1', port, command: options.command, directory, environment, home: directory });
  const killAll = () => {
    service.killNow();
    members.killAll();
  };
  process.once('exit', killAll);
  const promises: Kept[] = [];
  const found: Found = (promise) => {
    promises.push(promise);
    options.report?.(promise);
  };
  try {
    await Promise.all(addresses.map((address) => members.start(address)));
    await service.start(new URL('Corefile', import.meta.url));
    const stage: Stage = { port, members, found };
    await primaryDies(stage);
    await primaryReturns(stage);
    await agentAsksForLess(stage, options.answers);
    await mailServerDies(stage);
    await moveReaders(stage, { plan: new Plan(environment.ADMIN, 'replicas'), readers: options.readers });
    return promises;
  } finally {
    process.off('exit', killAll);
    killAll();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Clients keep what they were told for a TTL, so the last of them leaves a TTL after the last answer. */
async function primaryDies({ port, members, found }: Stage): Promise<void> {
  const first = await answered(port, 'db.example.org');
  found({ what: 'all are well', promised: 'the primary alone', found: first.join(', '), kept: first.join() === '127.0.2.1' });
  const died = await members.kill('127.0.2.1');
  let last = died;
  await waitUntil(
    async () => {
      const asked = performance.now();
      const names = await answered(port, 'db.example.org');
      if (names.includes('127.0.2.1')) last = asked;
      return names.join() === '127.0.2.2';
    },
    () => 'the backup does not answer',
  );
  const took = last - died;
  const promised = fall * interval;
  found({
    what: 'the primary is killed',
    promised: `the backup within ${promised} ms, and no client at the primary ${ttl} ms later`,
    found: `last answer with the primary after ${Math.round(took)} ms`,
    kept: took <= promised + allowance,
  });
}

async function primaryReturns({ port, members, found }: Stage): Promise<void> {
  const before = performance.now();
  await members.start('127.0.2.1');
  await waitUntil(
    async () => (await answered(port, 'db.example.org')).join() === '127.0.2.1',
    () => 'the primary does not answer again',
  );
  const took = performance.now() - before;
  const promised = rise * interval + failback;
  found({
    what: 'the primary is back',
    promised: `it answers again after ${failback} ms at the earliest, ${promised} ms at the latest`,
    found: `after ${Math.round(took)} ms`,
    kept: took >= failback && took <= promised + allowance,
  });
}

async function agentAsksForLess({ port, members, found }: Stage, answers: number): Promise<void> {
  const share = async (count: number) => {
    let seen = 0;
    for (let i = 0; i < count; i++) if ((await answered(port, 'web.example.org')).includes('127.0.2.12')) seen++;
    return seen / count;
  };
  members.say('127.0.2.12', '25%');
  // 25 of 125: its agent is asked every 200 ms.
  await waitUntil(
    async () => (await share(50)) < 0.4,
    () => 'the agent is not heard',
  );
  const measured = await share(answers);
  // Three of a hundred, or four standard deviations where fewer answers are counted.
  const tolerance = Math.max(0.03, 4 * Math.sqrt((0.2 * 0.8) / answers));
  found({
    what: 'an agent says 25%',
    promised: `20 % of ${answers} answers, for 25 of 125`,
    found: `${(100 * measured).toFixed(1)} %`,
    kept: Math.abs(measured - 0.2) <= tolerance,
  });
}

async function mailServerDies({ port, members, found }: Stage): Promise<void> {
  const both = (await answered(port, 'example.org', 'MX')).sort();
  await members.kill('127.0.2.21');
  await waitUntil(
    async () => (await answered(port, 'example.org', 'MX')).length === 1,
    () => 'the mail server is not left out',
  );
  const [mx, srv] = [await answered(port, 'example.org', 'MX'), await answered(port, '_imaps._tcp.example.org', 'SRV')];
  found({
    what: 'a mail server is killed',
    promised: 'MX and SRV name the other one alone, priorities as they were',
    found: `${both.join(', ')} → ${mx.join()}; SRV ${srv.join()}`,
    kept: both.length === 2 && mx.join() === '20 mx2.example.org.' && srv.join() === '20 1 993 mx2.example.org.',
  });
}

/** The data of the records of an answer; none when there was no answer. */
async function answered(port: number, name: string, type = 'A'): Promise<string[]> {
  const answer = await ask({ port, name, type, timeout: 2000 }).catch(() => undefined);
  return (answer?.answers ?? []).map((line) => line.split(' ').slice(4).join(' '));
}
