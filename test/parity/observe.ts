// Runs a parity case against a server and writes down what came out, free of ports, ids and other accidents.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from 'ferrydns/testing';
import { type Exchange, exchange } from '../support/client.ts';
import { parseAsk, writeMessage } from '../support/message.ts';
import { PlayedApi } from '../support/played-api.ts';
import { soon } from '../support/soon.ts';
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts';
import type { AskStep, ExchangeCase, HttpStep, Observation, ParityCase, RawStep, Recording, Step, TallyStep, TogetherStep } from './case.ts';
import { writeFiles } from './files.ts';
import type { Running, Subject } from './subject.ts';
import { observed, opaque, stepText } from './text.ts';

type Values = ReadonlyMap<string, string>;
type Asked = NonNullable<Observation['asked']>;

/** Milliseconds in which work that goes on after a reply is done, where nobody knows what it will be. */
const aWhile = 60;

/**
 * Runs one case from start to stop. A port that somebody else took meanwhile is a reason to try again. What is expected to go on after a reply is waited for;
 * while CoreDNS is being recorded nothing is expected.
 */
export async function observe(subject: Subject, parityCase: ParityCase, expected?: Recording): Promise<Recording> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await observeOnce(subject, parityCase, expected);
    const taken = /address already in use|EADDRINUSE/.test(outcome.load?.message ?? '');
    if (taken && attempt < 5) continue;
    if (!('load' in parityCase) && outcome.load !== undefined) throw new Error(`${parityCase.name}: refused: ${outcome.load.message}`);
    return outcome;
  }
}

async function observeOnce(subject: Subject, parityCase: ParityCase, expected: Recording | undefined): Promise<Recording> {
  const directory = await mkdtemp(join(tmpdir(), 'parity-'));
  const upstreams = await Promise.all(scriptsOf(parityCase).map((script) => startUpstream(script)));
  await using api = 'cluster' in parityCase ? await PlayedApi.start(parityCase.cluster, { protobuf: true }) : undefined;
  try {
    const values = await placeholders(directory, upstreams, api);
    const files = fillAll(parityCase.files ?? {}, values);
    await writeFiles(directory, files);
    const running = await subject({ corefile: fill(parityCase.corefile, values), files, env: fillAll(parityCase.env ?? {}, values) });
    if ('refused' in running) return { load: { accepted: false, ...running.refused, message: opaque(running.refused.message, values) } };
    try {
      return 'load' in parityCase ? { load: { accepted: true } } : await new Run({ parityCase, running, upstreams, values, expected }).steps();
    } finally {
      await running.stop();
    }
  } finally {
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
    await rm(directory, { recursive: true });
  }
}

const scriptsOf = (parityCase: ParityCase): readonly Script[] => ('load' in parityCase ? [] : (parityCase.upstreams ?? []));

async function placeholders(directory: string, upstreams: readonly Upstream[], api: PlayedApi | undefined): Promise<Values> {
  const values = new Map([['DIR', directory]]);
  if (api !== undefined) values.set('API', `127.0.0.1:${api.port}`);
  for (const name of ['PORT', 'PORT2', 'HTTP', 'HTTP2']) values.set(name, String(await freePort('0.0.0.0')));
  for (const [index, upstream] of upstreams.entries()) {
    values.set(`UP${index + 1}`, upstream.endpoint);
    values.set(`UP${index + 1}_PORT`, String(upstream.port));
  }
  return values;
}

const fill = (text: string, values: Values): string => text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => values.get(name) ?? whole);
const fillAll = (texts: Readonly<Record<string, string>>, values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text, values)]));

interface RunParts {
  readonly parityCase: ExchangeCase;
  readonly running: Running;
  /** Changed in place when an upstream comes back, so that it is stopped at the end. */
  readonly upstreams: Upstream[];
  readonly values: Values;
  readonly expected: Recording | undefined;
}

class Run {
  readonly #case: ExchangeCase;
  readonly #running: Running;
  readonly #upstreams: Upstream[];
  readonly #values: Values;
  readonly #expected: Recording | undefined;

  constructor(parts: RunParts) {
    this.#case = parts.parityCase;
    this.#running = parts.running;
    this.#upstreams = parts.upstreams;
    this.#values = parts.values;
    this.#expected = parts.expected;
  }

  async steps(): Promise<Recording> {
    const steps: Observation[] = [];
    await sleep(this.#case.background === true ? aWhile : 0);
    this.#drain(0);
    for (const [index, step] of this.#case.steps.entries()) {
      steps.push({ step: stepText(step), ...(await this.#step(step, this.#expected?.steps?.[index]?.asked ?? {})) });
    }
    const { output } = this.#case;
    if (output === undefined) return { steps };
    const lines = this.#expected?.output?.length ?? 0;
    await (lines === 0 ? sleep(aWhile) : until(() => this.#output(output).length >= lines));
    return { steps, output: this.#output(output) };
  }

  #output({ keep, mask = [], distinct = false }: NonNullable<ExchangeCase['output']>): readonly string[] {
    const kept = this.#running.output.filter((line) => keep.test(line)).map((line) => opaque(line, this.#values));
    const masked = kept.map((line) => mask.reduce((text, [from, to]) => text.replace(from, to), line));
    return distinct ? [...new Set(masked)] : masked;
  }

  async #step(step: Step, asked: Asked): Promise<Observation> {
    if (typeof step === 'string') return this.#query({ ask: step }, asked);
    if ('ask' in step) return this.#query(step, asked);
    if ('raw' in step) return this.#query(step, asked);
    if ('tally' in step) return this.#tally(step);
    if ('together' in step) return this.#together(step);
    if ('http' in step) return this.#http(step);
    if ('pause' in step) return sleep(step.pause, this.#background());
    if ('write' in step) return this.#write(step.write, fill(step.content, this.#values));
    return this.#switch(step.upstream - 1, step.on);
  }

  async #query(step: AskStep | RawStep, expected: Asked): Promise<Observation> {
    const give = performance.now() + soon.timeout;
    for (;;) {
      const outcome = await this.#send(step);
      if (this.#case.background === true) await this.#work(expected);
      const asked = this.#drain(outcome.clientPort);
      const result = { ...observed(outcome, this.#values), ...asked };
      if (step.until === undefined || step.until.test(JSON.stringify(result)) || performance.now() > give) return result;
      await sleep(50);
    }
  }

  #send(step: AskStep | RawStep): Promise<Exchange> {
    const target = { port: Number(this.#values.get(step.port ?? 'PORT')) };
    const timeout = step.timeout ?? 20_000;
    if ('raw' in step) {
      const bytes = Buffer.from(step.raw.replaceAll(/\s/g, ''), 'hex');
      return exchange(target, bytes, { transport: step.transport ?? 'udp', timeout });
    }
    const { transport, parts } = parseAsk(fill(step.ask, this.#values));
    return exchange(target, writeMessage(parts), { transport, timeout });
  }

  async #tally(step: TallyStep): Promise<Observation> {
    const times = step.times ?? 300;
    const counts = new Map<string, number>();
    for (let n = 0; n < times; n++) {
      const { answer = [], reply = '', asked = {} } = await this.#query({ ask: step.tally }, {});
      const addresses = answer.filter((line) => / A | AAAA /.test(line)).map((line) => line.split(' ').at(-1) ?? '');
      const of = { 'first address': addresses[0] ?? 'none', addresses: addresses.join(' '), upstream: Object.keys(asked).join(' '), rcode: reply };
      counts.set(of[step.of], (counts.get(of[step.of]) ?? 0) + 1);
    }
    const shares = [...counts].sort().map(([key, count]) => [key, Math.round((count / times) * 100) / 100]);
    return { shares: Object.fromEntries(shares) };
  }

  async #together(step: TogetherStep): Promise<Observation> {
    const outcomes = await Promise.all(step.together.map((ask) => this.#send({ ask })));
    const together = outcomes.map((outcome) => observed(outcome, this.#values));
    together.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    return { together, ...this.#drain(0) };
  }

  async #http(step: HttpStep): Promise<Observation> {
    const response = await fetch(`http://${fill(step.http, this.#values)}`);
    const lines = (await response.text()).split('\n').filter((line) => step.keep?.test(line) ?? line !== '');
    return { status: response.status, body: lines.map((line) => opaque(line, this.#values)).sort() };
  }

  async #write(name: string, content: string): Promise<Observation> {
    await writeFiles(this.#values.get('DIR') ?? '', { [name]: content });
    await writeFiles(this.#running.directory, { [name]: content });
    return {};
  }

  async #switch(index: number, on: boolean): Promise<Observation> {
    const upstream = this.#upstreams[index];
    if (upstream === undefined) throw new Error(`${this.#case.name}: there is no upstream ${index + 1}`);
    if (on) this.#upstreams[index] = await startUpstream(upstream.script, { port: upstream.port });
    else await upstream.stop();
    return {};
  }

  /** Until the upstreams were asked as often as is expected, or a while where they are not to be asked. */
  async #work(expected: Asked): Promise<void> {
    const wanted = Object.values(expected).flat().length;
    await (wanted === 0 ? sleep(aWhile) : until(() => this.#upstreams.flatMap(questionsOf).length >= wanted));
  }

  #background(): Observation {
    return this.#drain(0);
  }

  /** What the upstreams were asked since the last look. */
  #drain(clientPort: number): Observation {
    const asked: Record<string, string[]> = {};
    for (const [index, upstream] of this.#upstreams.entries()) {
      const own = questionsOf(upstream);
      upstream.asked.length = 0;
      if (own.length > 0) asked[index + 1] = own.map((line) => opaque(line, this.#values, clientPort)).sort();
    }
    return Object.keys(asked).length === 0 ? {} : { asked };
  }
}

/** What an upstream was asked, health checks and loop probes left out. */
function questionsOf({ asked }: Upstream): readonly string[] {
  return asked.map(({ text }) => text).filter((line) => !/^\S+ (\. IN NS|\S+ IN HINFO) rd/.test(line));
}

async function until(holds: () => boolean): Promise<void> {
  const give = performance.now() + soon.timeout;
  while (!holds() && performance.now() < give) await sleep(5);
}
