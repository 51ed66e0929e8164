// Step 4 of docs/replacing-coredns.md, typed as it stands: clients are moved from the real CoreDNS to ferrydns, back, and to the end.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask, freePort } from 'ferrydns/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fencesOf, sectionOf, type Typed, typedIn, type as typeIn } from '../support/page.ts';
import { type Program, startProgram } from '../support/program.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const program = process.env['COREDNS'] ?? '/usr/bin/coredns';
const main = join(import.meta.dirname, '../../src/main.ts');
const name = 'dns.example.org';
/** CoreDNS and ferrydns: the page's addresses are nobody's, on loopback both can be there. */
const [A, B] = ['127.0.45.10', '127.0.45.53'];
/** Milliseconds that the plan adds to a TTL, for transit and for `caches`. */
const afterTtl = 2000;

/** Clients that use the server whose address the name has for them. Each has an address of its own. */
class Clients {
  readonly number = 200;
  /** The server of each. */
  private readonly servers = new Map(Array.from({ length: this.number }, (_, i) => [`127.0.46.${i + 1}`, A]));
  private readonly port: number;
  /** An answer with A is good until then at least; milliseconds of the wall clock. */
  leadsToA = 0;

  constructor(port: number) {
    this.port = port;
  }

  /** Each looks its server up anew, and asks it something. Resolves to the clients of B. */
  async round(): Promise<string[]> {
    const all = [...this.servers];
    // A burst of all at once may overrun a socket.
    for (let i = 0; i < all.length; i += 20) await Promise.all(all.slice(i, i + 20).map(([from, server]) => this.turn(from, server)));
    return [...this.servers].filter(([, server]) => server === B).map(([client]) => client);
  }

  private async turn(from: string, server: string): Promise<void> {
    const asked = Date.now();
    const { answers, reply } = await ask({ address: server, port: this.port, name, from });
    const [found] = reply.answers;
    const next = String(found?.data);
    expect([A, B], answers.join()).toContain(next);
    if (next === A) this.leadsToA = Math.max(this.leadsToA, asked + (found?.ttl ?? 0) * 1000);
    this.servers.set(from, next);
    const { answers: told } = await ask({ address: next, port: this.port, name: 'www.example.org', from });
    expect(told).toEqual(['www.example.org. 3600 IN A 192.0.2.1']);
  }
}

interface Place {
  readonly port: number;
  readonly metrics: number;
  readonly section: string;
  /** What the zone says of the name. */
  readonly kept: { address: string };
}

/** Step 4 with addresses, ports and times that a test can have. */
async function step4(): Promise<Place> {
  const [port, metrics] = [await freePort(), await freePort()];
  const kept = { address: A };
  const upstream = await startUpstream({ [`${name} A`]: () => ({ answer: [`${name} 1 A ${kept.address}`] }), '* *': [] });
  onTestFinished(() => upstream.stop());
  const section = sectionOf('docs/replacing-coredns.md', '4. Move all clients', {
    '10.0.0.': '127.0.45.',
    ':9153': `:${metrics}`,
    'stub 30s\n': 'stub 1s\n        slack 1s\n        transition_ttl 1\n        handback_answers 2\n        admin 127.0.0.1:0\n',
    'forward . 9.9.9.9': `bind ${B}\n    forward . ${upstream.endpoint}`,
    [`forward . ${B}`]: `bind ${A}\n    forward . ${B}:${port}`,
    'ttl 5\n': 'ttl 1\n',
    'ttl 60\n': 'ttl 1\n',
  });
  return { port, metrics, section, kept };
}

/** What both had before. */
const before = (address: string, metrics: number) =>
  `. {\n bind ${address}\n prometheus ${address}:${metrics}\n hosts {\n  192.0.2.1 www.example.org\n  ttl 3600\n }\n}\n`;

async function startBoth({ port, metrics, section }: Place): Promise<{ ferrydns: Program; coredns: ChildProcess }> {
  const [plan, handedOn] = fencesOf(section).filter(({ info }) => info === 'corefile');
  const files = {
    Corefile: `${before(B, metrics)}${plan?.lines.join('\n')}\n`,
    CoreDNS: `${before(A, metrics)}${handedOn?.lines.join('\n')}\n`,
  };
  const ferrydns = await startProgram({ files, words: ['-p', String(port)] });
  onTestFinished(() => ferrydns[Symbol.asyncDispose]());
  await expect.poll(() => ferrydns.output.out, soon).toMatch(/plans are told at/);
  const coredns = spawn(program, ['-conf', 'CoreDNS', '-dns.port', String(port)], { cwd: ferrydns.folder, stdio: 'ignore' });
  onTestFinished(() => end(coredns));
  const answered = () => ask({ address: A, port, name, timeout: 1000 }).then(({ rcode }) => rcode, String);
  await expect.poll(answered, soon).toBe('NOERROR');
  return { ferrydns, coredns };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Where the commands of the page are typed. */
function deskOf({ folder, output }: Program): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
  writeFileSync(join(folder, 'ferrydns'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(join(folder, 'ferrydns'), 0o755);
  const told = /plans are told at (\S+)/.exec(output.out)?.[1] ?? '';
  return { cwd: folder, env: { ...process.env, PATH: `${folder}:${process.env['PATH']}`, FERRYDNS_ADMIN: `http://${told}` } };
}

/** The commands of the page, by their verb. */
function commandsOf(section: string) {
  const all = fencesOf(section).flatMap(typedIn);
  const [start, advance, share, counted, rollback, done, ...more] = all;
  if (!start || !advance || !share || !counted || !rollback || !done) throw new Error('step 4 has lost a command');
  const verbs = [start, advance, share, rollback, done].map(({ command }) => command.split(' ')[2]);
  expect([verbs, more]).toEqual([['start', 'advance', 'status', 'rollback', 'status'], []]);
  return { start, advance, share, counted, rollback, done };
}

/** The queries that each server has answered for all names but the one that moves, as the command of the page prints them. */
async function countedBy({ command }: Typed, { cwd, env }: ReturnType<typeof deskOf>): Promise<{ A: number; B: number }> {
  const { stdout } = await promisify(execFile)('bash', ['-c', command], { cwd, env });
  const of = (server: string) => {
    const line = stdout.split('\n').find((text) => text.includes(`//${server}:`) && text.includes('type="A"') && text.includes('zone="."'));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  return { A: of(A), B: of(B) };
}

describe.skipIf(!existsSync(program))(`with the CoreDNS that COREDNS names (${program})`, () => {
  test('4. the clients are moved, a tenth first, come back, are moved again, and CoreDNS is switched off when the status says so', async () => {
    const place = await step4();
    const { ferrydns, coredns } = await startBoth(place);
    const desk = deskOf(ferrydns);
    const { start, advance, share, counted, rollback, done } = commandsOf(place.section);
    const clients = new Clients(place.port);
    const asked = { A: 0, B: 0 };
    /** The clients of B after a round, once both servers have counted what each client has asked. */
    const settled = async () => {
      const atB = await clients.round();
      asked.A += clients.number - atB.length;
      asked.B += atB.length;
      await expect.poll(() => countedBy(counted, desk), soon).toEqual(asked);
      return atB;
    };
    expect(await settled()).toEqual([]);

    await typeIn(start, desk);
    expect(await settled()).toEqual([]);
    await typeIn(advance, desk);
    await typeIn(share, desk);
    const tenth = await settled();
    expect(tenth.length).toBeGreaterThan(0);
    expect(tenth.length).toBeLessThan(60);
    // Who has come to B stays there.
    expect(await settled()).toEqual(tenth);
    await typeIn(advance, desk);
    const half = await settled();
    expect(half).toEqual(expect.arrayContaining(tenth));
    expect(half.length).toBeGreaterThan(60);
    expect(half.length).toBeLessThan(140);

    await typeIn(rollback, desk);
    await expect.poll(settled, soon).toEqual([]);

    await typeIn(start, desk);
    await typeIn(advance, desk);
    await typeIn(share, desk);
    expect((await settled()).length).toBeGreaterThan(0);
    await typeIn(advance, desk);
    expect((await settled()).length).toBeGreaterThan(60);
    await typeIn(advance, desk);
    const early: string[] = [];
    const said = async () => {
      const { stdout } = await promisify(execFile)('bash', ['-c', done.command], { cwd: desk.cwd, env: desk.env });
      const since = Date.parse(/A may be switched off +since (\S+)/.exec(stdout)?.[1] ?? '');
      // When it is said, nobody is led to CoreDNS any more, and nobody's cache may lead there.
      if (since < clients.leadsToA + afterTtl || since > Date.now()) early.push(stdout);
      return since;
    };
    expect(await settled()).toHaveLength(clients.number);
    await expect.poll(said, soon).not.toBeNaN();
    await typeIn(done, desk);
    expect(early).toEqual([]);
    await expect(promisify(execFile)('bash', ['-c', rollback.command], { cwd: desk.cwd, env: desk.env })).rejects.toThrow(
      /A may be switched off already/,
    );

    await end(coredns);
    expect(await clients.round()).toHaveLength(clients.number);
    place.kept.address = B;
    await typeIn(advance, desk);
    expect(await clients.round()).toHaveLength(clients.number);
  });
});
