// cache: random histories of an upstream, held against what a cache may answer at all. Failures name the seed.
import { definePlugin, type Query, Reply, record } from 'ferrydns/plugin';
import { type Answer, serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { chance } from '../support/chance.ts';

const names = ['a.test', 'b.test'];
/** Seconds that the cache keeps answers and denials at most. */
const longest = { answer: 16, denial: 12 } as const;
/** Seconds that it keeps what it keeps at least. */
const shortest = 5;
const kinds = ['answer', 'answer', 'nxdomain', 'nodata', 'bare', 'servfail', 'throws', 'zero'] as const;
type Kind = (typeof kinds)[number];

/** A reply that the upstream gave, numbered in the order of its replies. */
interface Told {
  readonly number: number;
  readonly kind: Kind;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds, when it was given. */
  readonly at: number;
}

const soa = (ttl: number, serial: number) =>
  record({
    name: 'test.',
    type: 'SOA',
    ttl: ttl + 7,
    data: { mname: 'ns.test.', rname: 'host.test.', serial, refresh: 1, retry: 1, expire: 1, minimum: ttl },
  });

function replyOf({ kind, ttl, number }: Told, query: Query): Reply {
  const data = `192.0.${number >> 8}.${number & 255}`;
  if (kind === 'throws') throw new Error('unreachable');
  if (kind === 'servfail') return Reply.empty('SERVFAIL');
  if (kind === 'answer' || kind === 'zero') return Reply.answer([record({ name: query.name, type: 'A', ttl: kind === 'zero' ? 0 : ttl, data })]);
  return Reply.empty(kind === 'nxdomain' ? 'NXDOMAIN' : 'NOERROR', { authorities: kind === 'bare' ? [] : [soa(ttl, number)] });
}

/** The number of the reply that an answer was made of; undefined when it does not show. */
function numberIn({ answers, authorities }: Answer): number | undefined {
  const [, high, low] = /192\.0\.(\d+)\.(\d+)$/.exec(answers[0] ?? '') ?? [];
  if (high !== undefined) return Number(high) * 256 + Number(low);
  const serial = /SOA \S+ \S+ (\d+) /.exec(authorities[0] ?? '')?.[1];
  return serial === undefined ? undefined : Number(serial);
}

/** A server whose answers are random, and all that it was told, by name and RD. */
async function world(way: string, random: (below: number) => number) {
  const clock = { seconds: 1000 };
  const history = new Map<string, Told[]>();
  let count = 0;
  const source = definePlugin({
    name: 'source',
    summary: 'answers at random',
    config: {},
    setup: () => ({
      handle(query) {
        const told = { number: ++count, kind: kinds[random(kinds.length)] ?? 'answer', ttl: 1 + random(20), at: clock.seconds };
        const key = `${query.name} ${query.recursionDesired}`;
        history.set(key, [...(history.get(key) ?? []), told]);
        return replyOf(told, query);
      },
    }),
  });
  const server = await serve(`.:0 {\n cache {\n success 100 ${longest.answer}\n denial 100 ${longest.denial}\n ${way}\n }\n source\n}`, {
    now: () => clock.seconds * 1000,
    plugins: [{ plugin: source, place: { before: 'whoami' } }],
  });
  onTestFinished(() => server.stop());
  return { server, clock, history };
}

/** What was asked, and what the upstream had told before and by the time of the answer. */
interface Exchange {
  readonly answer: Answer;
  readonly before: readonly Told[];
  readonly all: readonly Told[];
  readonly seconds: number;
  readonly way: string;
}

const isFailure = ({ kind }: Told) => kind === 'servfail' || kind === 'throws';

function judge(exchange: Exchange): void {
  const { answer, before, all, seconds } = exchange;
  const last = all.at(-1);
  if (answer.rcode === 'SERVFAIL') {
    expect(last !== undefined && isFailure(last) && seconds - last.at < (last.kind === 'throws' ? 1 : 5)).toBe(true);
    return;
  }
  const number = numberIn(answer);
  // What is empty without a SOA says nothing: it is never kept.
  if (number === undefined) {
    expect([all.length > before.length, last?.kind]).toEqual([true, 'bare']);
    return;
  }
  const given = all.find((told) => told.number === number);
  expect(given, 'an answer to the same question').toBeDefined();
  if (given !== undefined) judgeAge(exchange, given);
  // What is asked for behind the client's back answers from the next question on.
  const newer = before.filter((told) => told.number > number && !isFailure(told));
  expect(newer, 'nothing newer was known').toEqual([]);
}

function judgeAge({ answer, seconds, way }: Exchange, { kind, ttl, at }: Told): void {
  const kept = Math.max(shortest, Math.min(ttl, kind === 'answer' ? longest.answer : longest.denial));
  const left = kept - (seconds - at);
  const staleFor = way.includes('serve_stale') ? 60 : 0;
  const told = Number((answer.answers[0] ?? answer.authorities[0])?.split(' ')[1]);
  if (kind === 'zero') expect([told, seconds]).toEqual([0, at]);
  else if (left > 0) expect(told).toBe(left);
  else expect([-left < staleFor, told]).toEqual([true, way.includes('30s') ? 30 : 0]);
}

const ways = [
  '',
  'serve_stale 1m',
  'serve_stale 1m verify',
  'serve_stale 1m verify 10s 30s 5s',
  'prefetch 1 1m 50%',
  'prefetch 1 1m 50%\n serve_stale 1m',
];
const steps = [0, 0, 1, 2, 5, 11, 40, 90];

test.each(ways.flatMap((way) => [1, 2, 3].map((seed) => [way, seed] as const)))('with %j and seed %i', async (way, seed) => {
  const random = chance(seed * 7919);
  const { server, clock, history } = await world(way, random);
  for (let round = 0; round < 120; round++) {
    clock.seconds += steps[random(steps.length)] ?? 0;
    const name = names[random(names.length)] ?? '';
    const recursionDesired = random(4) > 0;
    const key = `${name}. ${recursionDesired}`;
    const before = history.get(key) ?? [];
    const answer = await server.ask(name, 'A', { recursionDesired });
    const exchange = { answer, before, all: history.get(key) ?? [], seconds: clock.seconds, way };
    try {
      judge(exchange);
    } catch (cause) {
      throw new Error(`round ${round}: ${JSON.stringify({ ...exchange, answer: [answer.rcode, answer.answers, answer.authorities] })}`, { cause });
    }
  }
});
