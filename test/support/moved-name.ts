// One name that is moved from A to B in seconds of a clock that the test owns, and what is answered by and by.
import { expect, onTestFinished } from 'vitest';
import { addressesOf, type PlanServer } from './migration.ts';
import { startUpstream } from './upstream.ts';

export const name = 'db.example.org';
export const A = '192.0.2.1';
export const B = '198.51.100.1';
/** An exclusive plan. */
export const there = `plan: ex
names:
  ${name}: { from: ${A}, to: ${B} }
mode: exclusive
ttl: 2
transition_ttl: 1
hold: 50ms
fence: [exec, /bin/true]
`;

/** Where somebody answers this address for the name, until the test is over. */
export async function upstreamOf(address: string): Promise<string> {
  const upstream = await startUpstream({ '* A': [`${name} 2 A ${address}`], '* *': [] });
  onTestFinished(() => upstream.stop());
  return upstream.endpoint;
}

export const corefile = (file: string, endpoint: string) => `.:0 {\n migrate ${file} {\n  admin 127.0.0.1:0\n }\n forward . ${endpoint}\n}\n`;

/** What was answered by and by, each once. */
export class Answers {
  readonly sides: string[] = [];
  private readonly server: PlanServer;

  constructor(server: PlanServer) {
    this.server = server;
  }

  /** The side that is answered now. */
  readonly note = async (): Promise<string> => {
    const answer = await this.server.ask(name);
    const [address] = addressesOf(answer);
    const side = address === undefined ? answer.rcode : address === A ? 'A' : address === B ? 'B' : address;
    if (side !== this.sides.at(-1)) this.sides.push(side);
    return side;
  };
}

/** From the start to phase done. */
export async function move(
  server: PlanServer,
  plan: string,
  { answers, epoch = 1 }: { readonly answers: Answers; readonly epoch?: number },
): Promise<void> {
  await server.when(plan, ({ upstream }) => upstream.before !== null, answers.note);
  expect(await server.order(plan, 'start', epoch)).toBeUndefined();
  for (;;) {
    await server.pass(plan, 500, answers.note);
    if ((await server.order(plan, 'advance', epoch)) === undefined) break;
  }
  await server.until(plan, 'done', answers.note);
  await answers.note();
}
