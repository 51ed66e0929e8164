// What the page of the console keeps and draws: samples, events, health, texts.
import type { NumberedEvent } from 'ferrydns/built-in';
import { describe, expect, test } from 'vitest';
import { aroundDifferences, textDifference } from '../../plugins/console/page/configuration/text-difference.ts';
import { explainPath } from '../../plugins/console/page/explain/explain-question.ts';
import {
  appended,
  greatest,
  hitShare,
  inPoints,
  lately,
  mean,
  rcodeSeries,
  samplesPerPoint,
  sampleTimes,
} from '../../plugins/console/page/overview/series.ts';
import { described, stacked, valueAt } from '../../plugins/console/page/parts/chart-series.ts';
import { healthPieces } from '../../plugins/console/page/pools/health-pieces.ts';
import { queryPath, readFilters, withNews } from '../../plugins/console/page/queries/query-list.ts';
import { questionOf } from '../../plugins/console/page/queries/question.ts';
import { EventReader } from '../../plugins/console/page/server/event-reader.ts';
import { linkTo, readRoute } from '../../plugins/console/page/shell/route.ts';
import type { ToldOverview } from '../../plugins/console/told.ts';

const start = Date.parse('2026-06-01T12:00:00.000Z');

/** Samples of 10 s from the given one on, with the given counts of queries. */
function overviewOf(first: number, queries: readonly number[]): ToldOverview {
  const all = (value: number) => queries.map(() => value);
  const block = { id: 'b', server: 'dns://:53', zone: '.', view: '', place: 'Corefile:1', chain: [] };
  const series = { queries, rcodes: { NOERROR: queries }, hits: all(1), misses: all(1), p50: all(1), p90: all(1), p99: all(1) };
  const from = new Date(start + first * 10_000).toISOString();
  return {
    now: from,
    version: '1',
    since: from,
    every: 10,
    from,
    processes: [],
    memory: { rss: all(1), heap: all(1), limit: null },
    blocks: [{ ...block, ...series }],
    unrouted: null,
    upstreams: [],
  };
}

describe('the last hour', () => {
  test('grows by what comes, and what is said twice counts once', () => {
    const grown = appended(appended(overviewOf(0, [1, 2, 3]), overviewOf(3, [4])), overviewOf(3, [5, 6]));
    expect(grown.blocks[0]?.queries).toEqual([1, 2, 3, 5, 6]);
    expect(sampleTimes(grown)).toEqual([0, 10, 20, 30, 40].map((second) => start / 1000 + second));
  });

  test('has gaps where nothing was heard', () => {
    const { blocks } = appended(overviewOf(0, [1]), overviewOf(3, [4]));
    expect(blocks[0]?.queries).toEqual([1, 0, 0, 4]);
    expect(blocks[0]?.p50).toEqual([1, null, null, 1]);
  });

  test('is no longer than an hour', () => {
    const { blocks, from } = appended(
      overviewOf(
        0,
        Array.from({ length: 360 }, (_, i) => i),
      ),
      overviewOf(360, [360, 361]),
    );
    expect(blocks[0]?.queries.length).toBe(360);
    expect(blocks[0]?.queries.at(-1)).toBe(361);
    expect(Date.parse(from) - start).toBe(20_000);
  });

  test('begins anew with a server that does', () => expect(appended(overviewOf(100, [1]), overviewOf(0, [7])).blocks[0]?.queries).toEqual([7]));

  test('is drawn in as many points as can be told apart: sums stay, and times to an answer stay true', () => {
    expect(inPoints([1, 2, 3, 4, 5], 2, mean)).toEqual([2.5, 4.5]);
    expect(inPoints([7], 2, mean)).toEqual([7]);
    expect(inPoints([1, null, 3, null, null], 2, greatest)).toEqual([3, null]);
    expect(
      samplesPerPoint(
        overviewOf(
          0,
          Array.from({ length: 360 }, () => 1),
        ),
      ),
    ).toBe(2);
  });

  test('has rare response codes together', () => {
    const [block] = overviewOf(0, [5]).blocks;
    const rcodes = { NOERROR: [1], NOTIMP: [2], FORMERR: [2], REFUSED: [0] };
    expect(block && rcodeSeries({ ...block, rcodes })).toEqual([
      { rcode: 'NOERROR', counts: [1] },
      { rcode: 'other', counts: [4] },
    ]);
    expect(hitShare({ hits: [2, 0], misses: [2, 0] })).toEqual([50, null]);
    expect(lately([1, 2, 3], 2)).toBe(5);
  });
});

describe('charts', () => {
  const series = [
    { label: 'one', colour: '--a', values: [1, null, 3] },
    { label: 'two', colour: '--b', values: [1, 2, 3] },
  ];
  test('stack one on the other', () =>
    expect(stacked(series)).toEqual([
      [1, 0, 3],
      [2, 2, 6],
    ]));
  test('say what they show', () => {
    expect(described(series, String)).toBe('one: 3 at the end, between 1 and 3. two: 3 at the end, between 1 and 3');
    expect([valueAt(series[0] as (typeof series)[number], 1), valueAt(series[0] as (typeof series)[number], null)]).toEqual([null, 3]);
  });
});

describe('queries', () => {
  const event = (number: number) => ({ number, name: 'x.', type: 'A', client: '10.1.0.7', server: 'dns://:53' }) as NumberedEvent;

  test('the newest are first, each once, and no more than are shown', () => {
    const shown = withNews([event(3), event(2)], [event(3), event(4), event(5)], 3);
    expect(shown.map(({ number }) => number)).toEqual([5, 4, 3]);
  });

  test('a word is looked for anywhere in names', () => {
    const filters = readFilters(new URLSearchParams('name=shop&rcode=NXDOMAIN&type=&x=1'));
    expect(queryPath('/queries', filters, { limit: '5' })).toBe('/queries?name=*shop*&rcode=NXDOMAIN&limit=5');
    expect(queryPath('/queries', { name: '*.example.org' })).toBe('/queries?name=*.example.org');
    expect(queryPath('/queries', {})).toBe('/queries');
  });

  test('are asked again for the client where its address is known', () => {
    expect(questionOf(event(1))).toEqual({ name: 'x.', type: 'A', client: '10.1.0.7', server: 'dns://:53' });
    expect(questionOf({ ...event(1), client: '192.0.2.0/24' })['client']).toBe('192.0.2.0');
    expect(questionOf({ ...event(1), client: '9f86d081884c7d65' })['client']).toBeUndefined();
  });

  test('are explained by what the address of the page says', () => {
    expect(explainPath(new URLSearchParams('name=a b&type=&other=1'))).toBe('/explain?name=a+b');
    expect(explainPath(new URLSearchParams('type=A'))).toBeUndefined();
  });
});

test('the health of a member is a line of pieces, as far as it is known', () => {
  const at = (minutes: number) => new Date(start - minutes * 60_000).toISOString();
  const pieces = healthPieces(
    [
      { at: at(90), up: true, drained: false, serving: true },
      { at: at(30), up: false, drained: false, serving: false },
      { at: at(15), up: true, drained: false, serving: false },
    ],
    start,
  );
  expect(pieces.map(({ state, start: from, length }) => [state, from, length])).toEqual([
    ['serves', 0, 0.5],
    ['down', 0.5, 0.25],
    ['ready', 0.75, 0.25],
  ]);
  expect(healthPieces([], start)).toEqual([]);
});

describe('texts', () => {
  const kinds = (before: string, after: string) => textDifference(before, after).map(({ kind, text, line }) => `${kind} ${line} ${text}`);

  test('differ by lines that are gone and new', () =>
    expect(kinds('a\nb\nc\nd', 'a\nx\nc\nd\ne')).toEqual(['same 1 a', 'gone 2 b', 'new 2 x', 'same 3 c', 'same 4 d', 'new 5 e']));

  test('are the same, but for the end', () => expect(kinds('a\nb\n', 'a\nb')).toEqual(['same 1 a', 'same 2 b']));

  test('that are long are compared as well', () => {
    const before = Array.from({ length: 3000 }, (_, i) => `line ${i}`);
    const lines = textDifference(before.join('\n'), ['new', ...before.toReversed()].join('\n'));
    expect(lines.filter(({ kind }) => kind !== 'gone').length).toBe(3001);
  });

  test('are shown where they differ', () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${i}`);
    const shown = aroundDifferences(textDifference(before.join('\n'), [...before, 'new'].join('\n')), 2);
    expect(shown.map((each) => (typeof each === 'number' ? each : each.text))).toEqual([18, 'line 18', 'line 19', 'new']);
  });
});

test('server-sent events are read from any pieces', () => {
  const text = ': hello\n\nevent: status\ndata: {"a":\ndata: 1}\n\ndata: x\r\n\r\nevent: none\n\n';
  const whole = new EventReader().read(text);
  expect(whole).toEqual([
    { type: 'status', data: '{"a":\n1}' },
    { type: 'message', data: 'x' },
  ]);
  const reader = new EventReader();
  expect([...text].flatMap((letter) => reader.read(letter))).toEqual(whole);
});

test('the address of the page names a view and what of it', () => {
  expect(readRoute(linkTo('moves', 'a/b*', { x: '1' }))).toMatchObject({ view: 'moves', subject: 'a/b*' });
  expect(readRoute('#/nonsense/x')).toMatchObject({ view: 'overview', subject: undefined });
  expect(readRoute('#/moves/%E0%A4%A')).toMatchObject({ view: 'moves', subject: undefined });
  expect(readRoute('')).toMatchObject({ view: 'overview' });
});
