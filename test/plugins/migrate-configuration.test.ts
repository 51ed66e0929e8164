// What a plan may say, and where the refusal of one that may not points.
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { servePlan } from '../support/migration.ts';
import { refusal } from '../support/refusal.ts';

const name = 'www.example.org';
const sides = 'from 192.0.2.1\n to 192.0.2.2\n ttl 60\n admin off';

/** The refusal of a plan with these lines in its block, which begins in line 2. */
function refused(...lines: readonly string[]): Promise<string> {
  return refusal(`. {\n migrate ${name} {\n ${lines.join('\n ')}\n }\n whoami\n}\n`);
}

describe('refused, with the line', () => {
  test.each([
    ['an address in both', ['from 192.0.2.1', 'to 192.0.2.2 192.0.2.1'], /:4 - .*192\.0\.2\.1 stands in from and in to/],
    ['an address twice', ['from 192.0.2.1 192.0.2.1', 'to 192.0.2.2'], /:3 - .*192\.0\.2\.1 stands here twice/],
    ['no target', ['from 192.0.2.1'], /:2 - .*no 'to' for www\.example\.org, expected 'to' with addresses, a name, a pool or a service/],
    ['no address', ['from 192.0.2.1', 'to 192.0.2.256'], /:4 - .*'192\.0\.2\.256' is not an address/],
    [
      'addresses and a name',
      ['from 192.0.2.1 a.example.net', 'to 192.0.2.2'],
      /:3 - .*several targets, expected addresses only, or one pool, one service or one name/,
    ],
    ['itself as its target', ['from 192.0.2.1', `to ${name}`], /:4 - .*is moved by this plan, so it cannot be its own target/],
    [
      'a family that B lacks',
      ['from 192.0.2.1 2001:db8::1', 'to 192.0.2.2'],
      /:3 - .*to has no IPv6 address, expected one: www\.example\.org\. would be answered empty/,
    ],
    ['TTL 0', ['from 192.0.2.1', 'to 192.0.2.2', 'ttl 0'], /:5 - .*0 is out of range/],
    ['transition TTL 0', ['from 192.0.2.1', 'to 192.0.2.2', 'transition_ttl 0'], /:5 - .*0 is out of range/],
    ['role new without a check', [sides, 'role new'], /:7 - .*role new without a check of to/],
    ['rollback auto without a check', [sides, 'rollback auto'], /:7 - .*rollback auto without a check of to/],
    ['an exclusive weight', [sides, 'mode exclusive', 'weight 10'], /:8 - .*an exclusive plan never answers both, expected no weight/],
    ['a shrinking canary', [sides, 'canary 50% 10%'], /:7 - .*10% after 50%, expected more/],
    ['a share above 100', [sides, 'weight 101'], /:7 - .*'101' is not a share from 0% to 100%/],
    ['weight and canary', [sides, 'weight 10', 'canary 10%'], /:8 - .*canary beside weight/],
    ['a cache without a length', [sides, 'caches jvm'], /:7 - .*no duration after 'jvm', expected one such as 30s/],
    ['an unknown gate', [sides, 'gate dns a.example'], /:7 - .*unknown gate 'dns', expected http, prometheus or exec/],
    [
      'a gate without a limit',
      [sides, 'gate prometheus http://127.0.0.1:9090 up'],
      /:7 - .*expected a query, an operator and a number after the URL/,
    ],
    [
      'an unknown operator',
      [sides, 'gate prometheus http://127.0.0.1:9090 up = 1'],
      /:7 - .*unknown operator '=', expected one of <, <=, >, >=, ==, !=/,
    ],
    ['a limit that is no number', [sides, 'gate prometheus http://127.0.0.1:9090 up == yes'], /:7 - .*'yes' is not a number/],
    ['a gate that is no URL', [sides, 'gate http localhost'], /:7 - .*'localhost' is not an http URL/],
    ['an unknown fence', [sides, 'mode exclusive', 'fence http http://a.example'], /:8 - .*unknown fence 'http', expected exec/],
    ['an unknown option', [sides, 'transition-ttl 5'], /:7 - .*unknown property 'transition-ttl'/],
    [
      'an admin address of the world',
      [sides.replace('admin off', 'admin :9180')],
      /:6 - .*can be reached from other machines: expected 'tls CERT KEY CLIENT_CA' or 'token FILE' behind it/,
    ],
    ['a line twice', [sides, 'from 192.0.2.9'], /:7 - .*'from' stands twice, first in line 3\n(.*\n)+ +expected one line with all of them/],
    ['a gate twice', [sides, 'gate exec a', 'gate exec b', 'gate exec a'], /:9 - .*two gates are called exec a/],
    ['a name twice', [sides, `name ${name}`], /:7 - .*is named twice/],
    ['a plan whose name is a path', [sides, 'plan ../other'], /:7 - .*'\.\.\/other' cannot be the name of a plan/],
    ['a pool that is not there', ['from 192.0.2.1', 'to pool b.example.org', 'admin off'], /no pool b\.example\.org\. in this server block/],
  ] as const)('%s', async (_, lines, message) => {
    expect(await refused(...lines)).toMatch(message);
  });

  test('a name that two plans hold', async () => {
    const second = `migrate other.example.org {\n plan second\n name ${name}\n ${sides}\n}`;
    expect(await refusal(`. {\n migrate ${name} {\n ${sides}\n }\n ${second}\n whoami\n}\n`)).toMatch(/www\.example\.org\. is already moved by plan/);
    const elsewhere = `. {\n migrate ${name} {\n ${sides}\n }\n whoami\n}\n.:0 {\n bind 127.0.0.2\n ${second}\n whoami\n}\n`;
    expect(await refusal(elsewhere)).toMatch(/www\.example\.org\. is already moved by plan/);
  });

  test('two plans of one name', async () => {
    const second = `migrate other.example.org {\n plan ${name}\n ${sides}\n}`;
    expect(await refusal(`. {\n migrate ${name} {\n ${sides}\n }\n ${second}\n whoami\n}\n`)).toMatch(/plan www\.example\.org is there twice/);
  });
});

describe('a plan file', () => {
  const file = (text: string) => ({ files: { 'plan.yaml': text } });
  const corefile = '. {\n migrate plan.yaml {\n admin off\n}\n whoami\n}\n';

  test.each([
    ['an unknown key', 'names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\ntransitionttl: 5\n', /plan\.yaml:4 - .*unknown key 'transitionttl'/],
    ['a wrong address', 'names:\n  a.example:\n    from: 192.0.2.1\n    to: 192.0.2.300\n', /plan\.yaml:4 - .*'192\.0\.2\.300' is not an address/],
    ['an address on both sides', 'names: [a.example]\nfrom: 192.0.2.1\nto: [192.0.2.2, 192.0.2.1]\n', /plan\.yaml:3 - .*stands in from and in to/],
    ['broken YAML', 'names: [a.example\nfrom: 192.0.2.1\n', /plan\.yaml:\d+ - /],
    ['no name', 'from: 192.0.2.1\nto: 192.0.2.2\n', /plan\.yaml:1 - .*no name to move/],
    ['another shape', '- a\n', /plan\.yaml:1 - .*unexpected content/],
  ] as const)('is refused for %s, with its own line', async (_, text, message) => {
    await expect(serve(corefile, file(text))).rejects.toThrow(message);
  });

  test('shows the line, and every problem that is in it', async () => {
    const refused = serve(corefile, file('names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\nttl: 0\nhold: soon\n'));
    await expect(refused).rejects.toThrow('plan.yaml:4 - Error during parsing: ttl: 0 is out of range\n    4 | ttl: 0\n      |      ^\n');
    await expect(refused).rejects.toThrow(
      "plan.yaml:5 - Error during parsing: hold: invalid duration 'soon'\n    5 | hold: soon\n      |       ^^^^\n",
    );
  });

  test('is warned of with one prefix', async () => {
    await using server = await serve(corefile, file('names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\nmode: exclusive\nttl: 60\n'));
    expect(server.lines.filter((line) => line.includes('fence'))).toEqual([
      expect.stringMatching(/^\[WARNING\] plugin\/migrate: plan\.yaml:4 - exclusive without a fence/),
    ]);
  });

  test('that is missing is refused at the directive', async () => {
    await expect(serve(corefile)).rejects.toThrow(/:2 - .*ENOENT/);
  });

  test('says the whole plan: nothing beside it, and no other names', async () => {
    const plan = file('names: [a.example]\nfrom: 192.0.2.1\nto: 192.0.2.2\nttl: 60\n');
    await expect(serve(corefile.replace('admin off', 'admin off\n ttl 30'), plan)).rejects.toThrow(/:4 - .*'ttl' stands in the plan file/);
    await expect(serve(corefile.replace('plan.yaml', 'b.example plan.yaml'), plan)).rejects.toThrow(/:2 - .*'b\.example' is no name of plan\.yaml/);
    await using server = await serve(corefile.replace('plan.yaml', 'A.example. plan.yaml'), plan);
    expect((await server.ask('a.example')).answers).toEqual(['a.example. 60 IN A 192.0.2.1']);
  });
});

test('an exclusive plan without a fence is warned of', async () => {
  await using server = await serve(`. {\n migrate ${name} {\n ${sides}\n mode exclusive\n }\n whoami\n}\n`);
  expect(server.lines.some((line) => /Corefile:7 - exclusive without a fence/.test(line))).toBe(true);
});

describe('the admin address', () => {
  const corefile = `. {\n migrate ${name} {\n ${sides.replace('admin off', 'admin 127.0.0.1:0')}\n }\n migrate other.example.org {\n ${sides.replace('admin off', 'admin 127.0.0.1:0')}\n }\n whoami\n}\n`;
  const json = { 'content-type': 'application/json' };

  test('lists the plans', async () => {
    await using server = await servePlan(corefile);
    const all = (await (await fetch(server.url)).json()) as { readonly plan: string }[];
    expect(all.map(({ plan }) => plan)).toEqual([name, 'other.example.org']);
    expect((await fetch(`${server.url}/third.example.org`)).status).toBe(404);
  });

  test.each([
    ['no JSON', { headers: json, body: 'epoch=1' }, 400, 'expected a JSON object'],
    ['no epoch', { headers: json, body: '{}' }, 400, "no 'epoch', expected the one that was seen"],
    ['an unknown field', { headers: json, body: '{"epoch":1,"hurry":true}' }, 400, "unknown field 'hurry', expected epoch, by or force"],
    ['a form', { headers: { 'content-type': 'text/plain' }, body: '{"epoch":1}' }, 415, 'expected content type application/json'],
    ['another epoch', { headers: json, body: '{"epoch":2}' }, 409, 'the plan is in epoch 1, the command is for epoch 2'],
  ] as const)('refuses %s', async (_, init, status, reason) => {
    await using server = await servePlan(corefile);
    const response = await fetch(`${server.url}/${name}/start`, { method: 'POST', ...init });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ ok: false, reason });
    expect((await server.status(name)).phase).toBe('original');
  });

  test('refuses to change anything by GET, a body that is too large, and a host that a page in a browser may have chosen', async () => {
    await using server = await servePlan(corefile);
    expect((await fetch(`${server.url}/${name}/start`)).status).toBe(405);
    expect((await fetch(`${server.url}/${name}/start`, { method: 'POST', headers: json, body: 'x'.repeat(70_000) })).status).toBe(413);
    const { request } = await import('node:http');
    const status = await new Promise((resolve) => {
      request(`${server.url}/${name}`, { headers: { host: 'evil.example' } }, (response) => resolve(response.statusCode)).end();
    });
    expect(status).toBe(403);
  });
});

test('the schema of plan files knows every option but those of the server', async () => {
  const { planSchema } = await import('../../src/plans/plan-file.ts');
  const properties = planSchema()['properties'] as Record<string, unknown>;
  const { migrateGrammar } = await import('../../src/plans/grammar.ts');
  const server = ['journal', 'replica', 'store_tls', 'store_credentials', 'kubeconfig', 'grant', 'off', 'admin'];
  expect(Object.keys(properties).sort()).toEqual(['names', ...Object.keys(migrateGrammar.block).filter((option) => !server.includes(option))].sort());
});
