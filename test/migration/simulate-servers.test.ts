// The simulator against real servers: the same plan, real queries over UDP, clients that keep what they are told, time that the test lets pass.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cache } from '../../src/migration/simulator/caches.ts';
import type { Outcome } from '../../src/migration/simulator/outcome.ts';
import type { Simulation } from '../../src/migration/simulator/run.ts';
import { simulate } from '../../src/migration/simulator/simulate.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';
import { addressesOf, deadline, elapse, type PlanServer, type Status, servePlan, stopTime, ttlOf } from '../support/migration.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const name = 'www.example.org';
const corefile = '. {\n migrate plan.yaml {\n admin 127.0.0.1:0\n}\n whoami\n}\n';
const target = 'plan: move\nname: www.example.org\nfrom: 192.0.2.1\nto: 192.0.2.2\nttl: 4\ntransition_ttl: 2\n';

/** As long as a tick of the simulator, in milliseconds. */
const step = 50;
const clients = 250;

/** Clients who keep an answer for its TTL, or as long as their runtime does, and ask again at once when it is over. */
class Crowd {
  readonly #due: number[];
  readonly #on: string[] = Array(clients).fill('192.0.2.1');
  readonly #keeps: number | undefined;
  readonly onA: number[] = [];
  asked = 0;

  /** `keeps`: seconds, whatever the TTL. */
  constructor(server: PlanServer, ttl: number, keeps?: number) {
    this.server = server;
    this.#keeps = keeps;
    this.#due = Array.from({ length: clients }, (_, i) => Math.floor((i * (keeps ?? ttl) * 1000) / clients / step) * step);
  }

  readonly server: PlanServer;

  async live(now: number): Promise<void> {
    const due = [...this.#due.keys()].filter((client) => (this.#due[client] ?? 0) <= now);
    await Promise.all(due.map((client) => this.#ask(client, now)));
    if (now % 1000 === 0) this.onA.push(this.#on.filter((address) => address === '192.0.2.1').length);
  }

  async #ask(client: number, now: number): Promise<void> {
    const answer = await this.server.ask(name, 'A', { timeout: 20_000 });
    this.asked++;
    const failed = answer.rcode === 'SERVFAIL';
    this.#on[client] = failed ? '' : (addressesOf(answer)[0] ?? '');
    this.#due[client] = now + (failed ? 1 : (this.#keeps ?? Math.max(1, ttlOf(answer)))) * 1000;
  }
}

/** The share of real clients on A in a second is what the simulator says, within four standard deviations and what a step makes of it. */
function compare(crowd: Crowd, outcome: Outcome, seconds: readonly number[]): void {
  const simulated = outcome.onA[0] ?? 0;
  for (const second of seconds) {
    const share = (outcome.onA[second] ?? 0) / simulated;
    const found = (crowd.onA[second] ?? Number.NaN) / clients;
    const sigma = Math.sqrt((share * (1 - share)) / clients);
    expect(Math.abs(found - share), `at ${second} s: ${found}, simulated ${share}`).toBeLessThanOrEqual(4 * sigma + 0.03);
  }
}

/** How the move stands once a fence that runs has run: a process takes its own time. */
async function fenced(server: PlanServer): Promise<Status> {
  for (const late = deadline(); !late(); ) {
    const status = await server.status('move');
    if (status.fence?.state !== 'begun') return status;
  }
  throw new Error('the fence does not end');
}

function simulated(text: string, options: Pick<Simulation, 'until' | 'commands'> & Partial<Simulation>): Outcome {
  const { plan } = readPlanFile(text, 'plan.yaml').move;
  return simulate({ plan, clients: 50_000, seed: 1, ...options });
}

test('a weight: the same share of clients is on A in every second of the move', async () => {
  const plan = `${target}weight: 70\n`;
  await using server = await servePlan(corefile, { files: { 'plan.yaml': plan } });
  const crowd = new Crowd(server, 4);
  const commands: { at: number; verb: 'start' | 'advance' }[] = [];
  const order = async (verb: 'start' | 'advance', now: number) => {
    if ((await server.order('move', verb)) === undefined) commands.push({ at: now / 1000, verb });
  };
  for (let now = 0; now <= 22_000; now += step) {
    if (now === 0) await order('start', now);
    if (now === 7500 || now === 15_500) await order('advance', now);
    await crowd.live(now);
    await elapse(step);
    if (now % 200 === 0) await server.status('move');
  }
  expect(commands.map(({ verb }) => verb)).toEqual(['start', 'advance', 'advance']);
  const outcome = simulated(plan, { until: 23, commands });
  expect(crowd.asked).toBeGreaterThan(2000);
  compare(crowd, outcome, [1, 5, 7, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22]);
  expect(outcome.onA[12]).toBeLessThan(20_000);
  expect((await server.status('move')).phase).toBe(outcome.phases.at(-1)?.phase);
});

test('exclusive: the phases begin when the simulator says, and clients with a runtime leave as it says', async () => {
  const plan = `${target}mode: exclusive\nadvance: auto\ncaches: jvm 4s\nhold: 0s\nfence: [exec, /bin/true]\n`;
  const jvm: Cache = { kind: 'jvm', seconds: 4, negative: 1, shared: 0 };
  const outcome = simulated(plan, { until: 32, commands: [{ at: 0, verb: 'start' }], caches: [jvm] });
  await using server = await servePlan(corefile, { files: { 'plan.yaml': plan } });
  const crowd = new Crowd(server, 4, 4);
  const phases: { phase: string; at: number }[] = [];
  expect(await server.order('move', 'start')).toBeUndefined();
  for (let now = 0; now <= 30_000; now += step) {
    await crowd.live(now);
    const { phase } = await fenced(server);
    if (phase !== null && phases.at(-1)?.phase !== phase) phases.push({ phase, at: now / 1000 });
    await elapse(step);
  }
  expect(phases.map(({ phase }) => phase)).toEqual(outcome.phases.map(({ phase }) => phase));
  for (const [i, { phase, at }] of phases.entries()) {
    // A busy machine may be late, never early.
    expect(at - (outcome.phases[i]?.at ?? Number.NaN), `${phase} at ${at} s`).toBeGreaterThan(-0.5);
  }
  const flip = Math.floor(outcome.phases.find(({ phase }) => phase === 'flipping')?.at ?? Number.NaN);
  compare(crowd, outcome, [1, flip - 1, flip + 1, flip + 2, flip + 4, 28, 30]);
  expect(crowd.onA.at(-1)).toBe(0);
});
