// Two processes with the name of one replica, of which the older is cut off from their real etcd: the newer cannot know what that one still answers.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Etcd } from '../support/etcd.ts';
import { ServerProcess } from '../support/server-process.ts';
import { sharedPlan, told } from '../support/shared-plan.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

/** Milliseconds: a part of the fault that is played. A silence that lasts longer than the session of the plans here. */
const beyondSession = 3000;

let etcd: Etcd;

beforeAll(async () => {
  etcd = await Etcd.start();
});
afterAll(() => etcd[Symbol.asyncDispose]());

interface Called {
  readonly plan: string;
  readonly port?: number;
  readonly session?: number;
}

/** Each test has a key of its own. */
function corefileFor({ plan, port = etcd.port, session = 2 }: Called): string {
  const lines = ['replica dns-0', `plan ${plan}`];
  return sharedPlan({ mode: 'exclusive', store: `etcd http://127.0.0.1:${port}`, lines }).replace('session 2s', `session ${session}s`);
}

/** A new plan waits a session for that. */
const isRegistered = ({ phase }: { readonly phase: string | null }) => phase === 'original';
const names = ({ replicas }: { readonly replicas: readonly { readonly replica: string }[] }) => replicas.map(({ replica }) => replica);

test('B is answered only when the one that is cut off is silent (P1, R3)', { timeout: 100_000 }, async () => {
  const plan = 'cut-off';
  await using way = await TcpProxy.open(etcd.port);
  await using old = await ServerProcess.start({ corefile: corefileFor({ plan, port: way.port, session: 20 }) });
  await old.until(plan, isRegistered);
  expect(await old.order(plan, { verb: 'start' })).toBeUndefined();
  await old.until(plan, ({ wait }) => wait === null);
  way.cut('silent');
  await using fresh = await ServerProcess.start({ corefile: corefileFor({ plan, session: 20 }) });
  const { replicas } = await fresh.until(plan, ({ phase, replicas }) => phase === 'lowering' && replicas.length === 2);
  expect(names({ replicas })).toEqual([expect.stringMatching(/^dns-0~[0-9a-f]{8}$/), 'dns-0']);
  // The older one goes on with A for its session, and until that is over nothing is begun.
  expect([await told(fresh), await told(old)]).toEqual(['A', 'A']);
  await fresh.advance(plan);
  let answeredB = false;
  for (const deadline = Date.now() + 60_000; !answeredB && Date.now() < deadline; await delay(50)) {
    const [newer, older] = [await told(fresh), await told(old)];
    answeredB ||= newer === 'B';
    expect(answeredB && older === 'A', 'A after B').toBe(false);
  }
  expect(answeredB).toBe(true);
  expect(fresh.life).toMatch(/replica dns-0 is another process than before, which is waited for as dns-0~/);
});

test('one that was cut off before the start is waited for until somebody forgets it', { timeout: 100_000 }, async () => {
  const plan = 'before-start';
  await using way = await TcpProxy.open(etcd.port);
  await using old = await ServerProcess.start({ corefile: corefileFor({ plan, port: way.port }) });
  await old.until(plan, ({ phase }) => phase === 'original');
  way.cut('silent');
  await using fresh = await ServerProcess.start({ corefile: corefileFor({ plan }) });
  const [ghost = ''] = names(await fresh.until(plan, ({ replicas }) => replicas.length === 2));
  expect(await fresh.order(plan, { verb: 'start' })).toBeUndefined();
  await delay(beyondSession);
  expect(await fresh.order(plan, { verb: 'advance' })).toBe(`replica ${ghost} does not obey the lowered TTL yet`);
  expect(await told(old)).toBe('A');
  expect(await fresh.order(plan, { verb: 'forget', replica: ghost })).toBeUndefined();
  await fresh.advance(plan);
});

test('a server that was killed is known to have ended by its journal, and without it by the machine', { timeout: 100_000 }, async () => {
  const plan = 'killed';
  const corefile = corefileFor({ plan, session: 20 });
  await using one = await ServerProcess.start({ corefile });
  await one.until(plan, isRegistered);
  expect(await one.order(plan, { verb: 'start' })).toBeUndefined();
  await one.end('SIGKILL');
  await one.start();
  expect(names(await one.until(plan, ({ replicas }) => replicas.length > 0))).toEqual(['dns-0']);
  await one.end('SIGKILL');
  await using other = await ServerProcess.start({ corefile });
  expect(names(await other.until(plan, ({ replicas }) => replicas.length > 0))).toEqual(['dns-0']);
  await other.advance(plan);
  await other.until(plan, ({ phase, answers }) => phase === 'done' && answers.answer === 'to');
});
