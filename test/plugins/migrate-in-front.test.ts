// Plugins that answer or rename in front of a plan, and answers beside it: none of them leads past the plan.
import { definePlugin, type Handle, type Instance, type Name, Reply, record } from 'ferrydns/plugin';
import { type ServeOptions, serve } from 'ferrydns/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { refusal } from '../support/refusal.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const name = 'www.example.org';
const [a, b] = ['192.0.2.1', '198.51.100.1'] as const;
const plan = (...options: readonly string[]) => `migrate ${name} {
  from ${a}
  to ${b}
  ttl 2
  transition_ttl 1
  admin 127.0.0.1:0
  ${options.join('\n  ')}
}`;

let upstream: Upstream;
let forward: string;
beforeAll(async () => {
  const leading = [`${name} 2 A ${a}`];
  upstream = await startUpstream({
    [`${name} A`]: leading,
    'alias.example.net A': [`alias.example.net 2 CNAME ${name}`, ...leading],
    'old.example.net A': [`old.example.net 2 A ${a}`],
    '* *': 'NXDOMAIN',
  });
  forward = `forward . ${upstream.endpoint}`;
});
afterAll(() => upstream.stop());

describe('what is known before queries come is refused, with both places', () => {
  const corefile = (moved: string, ...front: readonly string[]) => `.:0 {\n${front.join('\n')}\n${plan().replace(name, moved)}\nwhoami\n}\n`;

  test.each([
    ['exact', `rewrite name exact ${name} old.example.net`, /queries for old\.example\.net\. .*\(\S+:2\)/],
    ['by suffix', 'rewrite name suffix .example.org .example.net', /queries for www\.example\.net\./],
    ['by prefix', 'rewrite name prefix www. old.', /queries for old\.example\.org\./],
    ['by substring', 'rewrite name substring example elsewhere', /queries for www\.elsewhere\.org\./],
    ['by a pattern', 'rewrite name regex (.*)\\.example\\.org {1}.example.net', /queries for www\.example\.net\./],
    ['into another class', 'rewrite class IN CH', /queries of class CH/],
    ['of all types but one', `rewrite stop type A MX\nrewrite name ${name} old.example.net`, /queries for old\.example\.net\. .*\(\S+:3\)/],
  ])('a name that is rewritten away, %s', async (_, rule, made) => {
    const found = await refusal(corefile(name, rule));
    const line = rule.split('\n').length + 2;
    expect(found).toMatch(
      new RegExp(`Corefile:${line} - .*plan ${name} is passed by: 'rewrite' at \\S*Corefile:2 stands in front of it, and of queries`),
    );
    expect(found).toMatch(made);
    expect(found).toMatch(/expected 'rewrite' to leave www\.example\.org\. alone in the server block at \S*Corefile:1/);
  });

  test.each([`localhost.example.org`, 'db.localhost', '7.0.0.127.in-addr.arpa'])('%s, which is local', async (moved) => {
    expect(await refusal(corefile(moved, 'local'))).toMatch(/'local' at \S*Corefile:2 stands in front of it, and of queries for \S+ answers them/);
  });

  test.each([
    ['a rule for another name', 'rewrite name exact old.example.net other.example.net'],
    ['two rules of which the second undoes the first', `rewrite continue name ${name} x.example\nrewrite name x.example ${name}`],
    ['another type', 'rewrite type ANY A'],
    ['local', 'local'],
  ])('and %s is not', async (_, front) => {
    await using server = await serve(corefile(name, front).replace('127.0.0.1:0', 'off'));
    expect((await server.ask(name)).answers.join()).toContain(a);
  });
});

describe('what comes to light when queries come', () => {
  beforeEach(stopTime);
  afterEach(() => void vi.useRealTimers());

  /** A server that has come to draining or further: whatever passes the plan by answers A. */
  async function moved(corefile: string, front?: Instance & { readonly handle: Handle }): Promise<PlanServer> {
    const plugin = definePlugin({ name: 'front', summary: 'stands in front', config: {}, setup: () => front ?? {} });
    const options: ServeOptions = front === undefined ? {} : { plugins: [{ plugin, place: { before: 'migrate' } }] };
    const server = await servePlan(corefile, options);
    onTestFinished(() => server[Symbol.asyncDispose]());
    await server.when(name, (status) => status.upstream.before !== null);
    await server.ask(name);
    expect(await server.order(name, 'start')).toBeUndefined();
    while (!['draining', 'done'].includes((await server.status(name)).phase ?? ''))
      await server.order(name, 'advance').then(() => server.pass(name, 500));
    return server;
  }
  const lastOf = ({ answers }: { readonly answers: readonly string[] }) => answers.at(-1)?.split(' ').at(-1);
  const given = (owner: string, address: string) => Reply.answer([record({ name: owner as Name, type: 'A', ttl: 4, data: address })]);
  const withFront = `.:0 {\n front\n${plan('mode exclusive', 'fence exec /bin/true')}\n`;

  const answering: Handle = (query, next) => (query.name === `${name}.` ? given(query.name, a) : next(query));
  const replacing: Handle = async (query, next) => {
    const reply = await next(query);
    return query.name === `${name}.` ? given(query.name, a) : reply;
  };
  const renaming: Handle = (query, next) => next(query.name === `${name}.` ? query.with({ name: 'old.example.net.' as Name }) : query);
  test.each([
    ['answers in its place', answering],
    ['replaces its answer', replacing],
    ['renames, and back', async (query, next) => (await renaming(query, next)).with({ answers: given(query.name, a).answers })],
    ['keeps what it was answered before', keeping()],
  ] satisfies readonly (readonly [string, Handle])[])('a plugin of your own in front that %s: the plan is answered', async (_, handle) => {
    const server = await moved(`${withFront}${forward}\n}\n`, { handle });
    const answer = await server.ask(name);
    expect(lastOf(answer)).toBe(b);
    expect(Number(answer.answers[0]?.split(' ')[1])).toBeLessThanOrEqual(2);
    const { alarms } = await server.status(name);
    const text = expect.stringMatching(
      /^'(front|migrate|forward)' answered www\.example\.org\. without the plan; the answer of the plan was given instead$/,
    );
    expect(alarms).toEqual([{ about: 'bypass', text }]);
    expect(await server.running.metrics()).toMatch(/ferrydns_migration_overruled_total\{plan="www\.example\.org"\} [1-9]/);
  });

  test.each([
    ['refuses', () => Reply.decline('REFUSED')],
    ['says that there is nothing', () => Reply.empty('NOERROR')],
    ['passes on', (query, next) => next(query)],
  ] satisfies readonly (readonly [string, Handle])[])('one that %s does as it likes', async (says, handle) => {
    const server = await moved(`${withFront}${forward}\n}\n`, { handle: (query, next) => (query.own ? next(query) : handle(query, next)) });
    expect(lastOf(await server.ask(name))).toBe(says === 'passes on' ? b : undefined);
    expect((await server.status(name)).alarms).toEqual([]);
    expect(await server.running.metrics()).toContain('ferrydns_migration_overruled_total{plan="www.example.org"} 0');
  });

  test('`any` answers queries for records of any type, and nobody is told that it passed the plan by', async () => {
    const server = await moved(`.:0 {\n any\n${plan('mode exclusive', 'fence exec /bin/true')}\n${forward}\n}\n`);
    expect((await server.ask(name, 'ANY')).answers).toEqual([expect.stringContaining('HINFO')]);
    expect(lastOf(await server.ask(name))).toBe(b);
    expect((await server.status(name)).alarms).toEqual([]);
  });

  test.each([
    ['hosts', `hosts {\n ${a} ${name}\n ttl 2\n fallthrough\n}`],
    ['a pool of the name', `pool ${name} {\n member ${a}\n}`],
    ['a name rewritten to it', `rewrite name old.example.org ${name}`],
    ['its reply rewritten', `rewrite cname exact ${name} old.example.net`],
    ['a cache', 'cache'],
  ])('%s in the same server block: the plan is answered', async (_, directive) => {
    const server = await moved(`.:0 {\n${directive}\n${plan()}\n${forward}\n}\n`);
    for (const asked of [name, ...(directive.includes('old.example.org') ? ['old.example.org'] : [])])
      expect(lastOf(await server.ask(asked))).toBe(b);
    expect((await server.status(name)).alarms).toEqual([]);
  });

  test('answers of other server blocks lead where the plan leads, also what their caches have kept', async () => {
    const beside = `example.net:0 {\n cache 3600\n ${forward}\n}\n`;
    const server = await servePlan(`.:0 {\n${plan('mode exclusive', 'fence exec /bin/true')}\n${forward}\n}\n${beside}`);
    onTestFinished(() => server[Symbol.asyncDispose]());
    await server.when(name, (status) => status.upstream.before !== null);
    expect(lastOf(await server.ask('alias.example.net'))).toBe(a);
    expect((await server.ask('alias.example.net')).answers.map((line) => line.split(' ')[1])).toEqual([expect.any(String), '2']);
    expect((await server.status(name)).leases.from).toBe(1);
    expect(await server.order(name, 'start')).toBeUndefined();
    await server.advance(name);
    await server.until(name, 'done');
    expect(lastOf(await server.ask('alias.example.net'))).toBe(b);
    // An address of A under another name: what the guard is for.
    expect(lastOf(await server.ask('old.example.net'))).toBe(b);
    expect(await server.running.metrics()).toContain('ferrydns_migration_guard_hits_total{plan="www.example.org"} 1');
    await server.running.reload(
      `.:0 {\n${plan('mode exclusive', 'fence exec /bin/true')}\n${forward}\n}\n${beside.replace(' cache', ` migrate ${name} {\n off\n }\n cache`)}`,
    );
    expect(lastOf(await server.ask('old.example.net'))).toBe(a);
    expect((await server.status(name)).without_plan).toMatchObject([{ zone: 'example.net.' }]);
  });
});

/** A cache of a kind: it gives what was answered first for a name again and again. */
function keeping(): Handle {
  const kept = new Map<string, Reply>();
  return async (query, next) => {
    const reply = kept.get(query.name) ?? (await next(query));
    if (!query.own && !kept.has(query.name)) kept.set(query.name, reply);
    return reply;
  };
}
