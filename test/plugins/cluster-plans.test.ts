// Plans in ConfigMaps: a team moves its own names, within the zones that it was granted, and events say what has become of a plan.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, freePort, serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { configMap, namespace } from '../support/cluster-objects.ts';
import {
  answered,
  answers,
  events,
  kubeconfig,
  moves,
  name,
  ordered,
  phase,
  plan,
  planText,
  played,
  poll,
  reaches,
  said,
  server,
  told,
} from '../support/cluster-plans.ts';
import { addressesOf, type PlanServer } from '../support/migration.ts';

describe('a plan in a ConfigMap', () => {
  test.concurrent('comes while the server runs, moves a service to another namespace, and goes', async (context) => {
    const api = await played(context);
    const one = await server(api);
    await answered(one, 'NOERROR');
    api.put(moves({ 'db.yaml': planText(['advance: auto']), README: 'no plan' }));
    await answered(one, '10.0.0.1');
    await told(api, "moves PlanTaken: plan shop.db is in force; the annotation order.ferrydns/db.yaml with 'start 1' begins the move");
    await ordered(one, 'start');
    await reaches(one, 'done');
    await answered(one, '172.17.0.1');
    await told(api, 'moves MoveBegun: plan shop.db: epoch 1, lowering');
    await told(api, 'moves PhaseBegun: plan shop.db: epoch 1, transition, step 1');
    await told(api, 'moves MoveDone: plan shop.db: epoch 1, done');
    api.delete(moves({}));
    await answered(one, 'NOERROR');
    await told(api, 'moves PlanLeft: plan shop.db has been taken away');
  });

  test.concurrent('that is deleted, or edited, in the middle of a move goes on as it was', async (context) => {
    const api = await played(context, moves({ 'db.yaml': planText() }));
    const one = await server(api);
    await answered(one, '10.0.0.1');
    await ordered(one, 'start');
    await reaches(one, 'lowering');
    api.put(moves({ 'db.yaml': planText([], 'service/shop/db', '192.0.2.9') }));
    await told(api, 'moves PlanRefused: refused: ');
    api.delete(moves({}));
    await told(api, 'moves PlanKept: it is to go, and goes on: it is in lowering');
    expect(await answers(one)).toBe('10.0.0.1');
    await one.order(plan, 'rollback');
    await answered(one, 'NOERROR');
  });

  test.concurrent('that is gone with its namespace or its label in the middle of a move goes on, and so it does while the API server is away', async (context) => {
    const api = await played(context, moves({ 'db.yaml': planText() }, { team: 'one' }));
    const one = await server(api, { which: 'team=one', grants: ['shop shop.example.org', 'store store.example.org'] });
    await answered(one, '10.0.0.1');
    await ordered(one, 'start');
    await reaches(one, 'lowering');
    await api.stop();
    await said(one, 'plans of namespace shop stay as they are');
    expect(await answers(one)).toBe('10.0.0.1');
    await api.listen();
    await said(one, 'plans of namespace shop can be read again');
    api.put(moves({ 'db.yaml': planText() }));
    await told(api, 'moves PlanKept: it is to go, and goes on: it is in lowering');
    api.delete(namespace('shop'));
    expect(await phase(one)).toBe('lowering');
  });

  test.concurrent('is known after a restart without the API server', async (context) => {
    const api = await played(context, moves({ 'db.yaml': planText([], '192.0.2.1', '192.0.2.2') }));
    const one = await server(api);
    await answered(one, '192.0.2.1');
    await poll(one, () => existsSync(roster(one))).toBe(true);
    const kept = readFileSync(roster(one), 'utf8');
    await one.running.stop();
    await api.stop();
    const again = await server(api, { files: { 'ferrydns-migrations/configmap-shop_moves.plans': kept }, kubernetes: 'startup_timeout 0s' });
    // The plan is there; a store that is not heard keeps a server without a journal silent (R5).
    expect((await again.status(plan)).plan).toBe(plan);
    expect(await answers(again)).toBe('SERVFAIL');
    expect(await answers(again, 'other.shop.example.org')).toBe('NOERROR');
  });

  const roster = (of: PlanServer) => join(of.running.directory, 'ferrydns-migrations', 'configmap-shop_moves.plans');
});

describe('a plan is refused, and nothing else is disturbed', () => {
  const good = planText([], '192.0.2.1', '192.0.2.2');

  test.concurrent.for<readonly [string, string, string]>([
    [
      'for another zone',
      good.replace(name, 'www.example.org'),
      'www.example.org. is in no zone that is granted to namespace shop, which are shop.example.org.',
    ],
    ['with a command', `${good}\nmode: exclusive\nfence: [exec, /bin/true]`, "'fence' in a ConfigMap"],
    ['with a gate', `${good}\ngate: [http, "http://127.0.0.1:1/"]`, "'gate' in a ConfigMap"],
    ['with a store', `${good}\nstore: [configmap, other]`, "'store' in a ConfigMap"],
    ['with an unknown option', `${good}\nspeed: fast`, 'line 11: '],
    ['that is no YAML', 'plan: [', 'line 1: '],
    ['with a short session', good.replace('session: 1s', 'session: 1s\nskew: 10s').replace('skew: 100ms\n', ''), 'session: 1 seconds'],
    ['with a pool that is not there', planText([], '192.0.2.1', '[pool, none.example.org]'), 'no pool none.example.org'],
    ['that the Corefile moves', good.replace(name, 'own.shop.example.org'), 'own.shop.example.org. is moved by plan own of the Corefile'],
  ])('%s', async ([, bad, why], context) => {
    const other = planText(['plan: other'].slice(1), '192.0.2.3', '192.0.2.4')
      .replace('plan: db', 'plan: other')
      .replace(name, 'other.shop.example.org');
    const api = await played(context, moves({ 'a.yaml': bad, 'b.yaml': other }));
    const files = { 'own.yaml': 'plan: own\nnames: [own.shop.example.org]\nfrom: 192.0.2.7\nto: 192.0.2.8\nttl: 5\n' };
    const one = await server(api, { files, more: 'migrate own.yaml {\n admin 127.0.0.1:0\n }' });
    await told(api, 'moves PlanRefused: refused: ');
    expect(events(api).join('\n')).toContain(why);
    expect(one.running.lines.join('\n')).toContain(why);
    await answered(one, '192.0.2.3', 'other.shop.example.org');
    await answered(one, '192.0.2.7', 'own.shop.example.org');
    expect(await answers(one)).toBe('NOERROR');
    api.put(moves({ 'a.yaml': good, 'b.yaml': other }));
    await answered(one, '192.0.2.1');
  });

  test.concurrent('that has the name of another one, and the one that was there stays', async (context) => {
    const api = await played(context, moves({ 'a.yaml': good }, { team: 'one' }));
    const one = await server(api, { which: 'team=one' });
    await answered(one, '192.0.2.1');
    api.put(configMap('shop/again', { 'a.yaml': good.replace('192.0.2.1', '192.0.2.9') }, { team: 'one' }));
    await told(api, 'again PlanRefused: refused: plan shop.db is in ConfigMap shop/moves/a.yaml already');
    expect(await answers(one)).toBe('192.0.2.1');
  });

  test.concurrent('and a bad one keeps the old one', async (context) => {
    const api = await played(context, moves({ 'a.yaml': good }));
    const one = await server(api);
    await answered(one, '192.0.2.1');
    api.put(moves({ 'a.yaml': 'plan: [' }));
    await told(api, 'PlanRefused');
    expect(await answers(one)).toBe('192.0.2.1');
    api.put(moves({ 'a.yaml': good.replace('192.0.2.1', '192.0.2.9') }));
    await answered(one, '192.0.2.9');
  });
});

describe('what is not permitted is logged with verb and resource, and harms nothing', () => {
  test.concurrent('to list ConfigMaps', async (context) => {
    const api = await played(context);
    api.fault = ({ path }) => (path.endsWith('/shop/configmaps') ? { status: 403, reason: 'Forbidden' } : undefined);
    const one = await server(api);
    await said(one, 'no permission to list configmaps in namespace shop');
    await answered(one, 'NOERROR');
    expect(await answers(one, 'db.shop.svc.cluster.local')).toBe('10.0.0.1');
  });

  test.concurrent('to create events', async (context) => {
    const api = await played(context, moves({ 'a.yaml': planText() }));
    api.fault = ({ path }) => (path.endsWith('/events') ? { status: 403, reason: 'Forbidden' } : undefined);
    const one = await server(api);
    await said(one, 'no permission to create events in namespace shop');
    await answered(one, '10.0.0.1');
  });

  test.concurrent('while it is not known which plans there are, names that they may move are not answered', async (context) => {
    const api = await played(context);
    api.fault = ({ path }) => (path.endsWith('/shop/configmaps') ? { status: 500 } : undefined);
    const one = await server(api);
    await said(one, 'cannot list configmaps in namespace shop: status 500');
    expect(await answers(one)).toBe('SERVFAIL');
    expect((await one.running.ask('www.example.org')).rcode).toBe('NOERROR');
  });
});

test.concurrent('two servers agree, and what they say is told once', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText(['advance: auto', 'mode: exclusive', 'countdown: 1s']) }));
  const both = await Promise.all(['one', 'two'].map((replica) => server(api, { replica })));
  const [one] = both as [PlanServer, PlanServer];
  for (const each of both) await answered(each, '10.0.0.1');
  await ordered(one, 'start');
  for (const each of both) await reaches(each, 'done');
  for (const each of both) await answered(each, '172.17.0.1');
  await told(api, 'MoveDone');
  expect(events(api).filter((each) => each.includes('MoveDone'))).toHaveLength(1);
});

test.concurrent('every process of a server answers by them', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText(['advance: auto']) }));
  const one = await server(api, { before: 'multisocket 2', port: await freePort() });
  const all = () => Promise.all(Array.from({ length: 12 }, () => ask({ port: one.running.port, name })));
  const everybody = (expected: string) => poll(one, async () => (await all()).every((each) => addressesOf(each)[0] === expected)).toBe(true);
  await everybody('10.0.0.1');
  await ordered(one, 'start');
  await reaches(one, 'done');
  await everybody('172.17.0.1');
});

describe('a configuration is refused', () => {
  test.concurrent.for<readonly [string, string, string]>([
    ['below a file', 'config/inside', 'is no directory'],
    ['where the system takes no files', '/proc', 'nothing can be made in /proc'],
    ['where the system takes no folders', '/proc/plans', 'nothing can be made in /proc'],
  ])('whose journals would be %s', async ([, folder, why], context) => {
    const api = await played(context, moves({ 'db.yaml': planText() }));
    const lines = ['grant shop shop.example.org', 'kubeconfig config', `journal ${folder}`, 'admin off'];
    const corefile = `.:0 {\n migrate configmap shop/moves {\n${lines.join('\n')}\n }\n}`;
    const started = serve(corefile, { files: { config: kubeconfig(api) } });
    await expect(started).rejects.toThrow(`configmap-shop_moves.plans cannot be written: `);
    await expect(started).rejects.toThrow(why);
  });

  test.each([
    ['migrate configmap', 'no ConfigMap, expected'],
    ['migrate configmap shop/moves', "no zone is granted to namespace shop, expected 'grant shop ZONE'"],
    ['migrate configmap moves', 'is neither NAMESPACE/NAME nor LABEL=VALUE'],
    ['migrate configmap team=one', 'no zone is granted to any namespace'],
    ['migrate configmap shop/moves other {\n grant shop a.org\n }', "unexpected 'other'"],
    ['migrate configmap shop/moves {\n grant shop a.org\n grant store b.org\n }', 'zones are granted to namespace store, whose plans are not read'],
    ['migrate configmap shop/moves {\n grant shop a.org\n ttl 5\n }', "'ttl' beside 'configmap', expected it in the plans"],
    ['migrate a.org {\n from 192.0.2.1\n to 192.0.2.2\n grant shop a.org\n }', "'grant' without 'configmap'"],
  ])('%s', async (words, why) => {
    expect(await serve(`.:0 {\n ${words}\n}`).then(() => 'taken', String)).toContain(why);
  });
});
