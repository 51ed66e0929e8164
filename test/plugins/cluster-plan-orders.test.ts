// A team steers its plan by annotations of the ConfigMap that holds it, and reads there how the plan stands.
import { freePort } from 'ferrydns/testing';
import { expect, type TestContext, test } from 'vitest';
import { answered, events, moves, ordered, phase, plan, planText, played, poll, reaches, said, server, told } from '../support/cluster-plans.ts';
import type { KubernetesObject } from '../support/kubernetes.ts';
import type { PlanServer } from '../support/migration.ts';
import type { PlayedApi } from '../support/played-api.ts';

const place = '/api/v1/namespaces/shop/configmaps/moves';

async function annotate(api: PlayedApi, annotations: Readonly<Record<string, string | null>>): Promise<void> {
  const headers = { 'content-type': 'application/merge-patch+json' };
  const response = await fetch(`${api.url}${place}`, { method: 'PATCH', headers, body: JSON.stringify({ metadata: { annotations } }) });
  expect(response.status).toBe(200);
}
const order = (api: PlayedApi, words: string | null) => annotate(api, { 'order.ferrydns/db.yaml': words });

type Metadata = KubernetesObject['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };

function metadataOf(api: PlayedApi): Metadata {
  return api.objectsAt('/api/v1/configmaps').find((each) => each.metadata.name === 'moves')?.metadata as Metadata;
}

/** The ConfigMap in which servers agree. */
const store = (api: PlayedApi) =>
  api.objectsAt('/api/v1/configmaps').find((each) => each.metadata.name === 'ferrydns-migrations') as KubernetesObject;

const status = (api: PlayedApi, key: string): string => metadataOf(api).annotations?.[`status.ferrydns/${key}`] ?? '';
const stands = (api: PlayedApi, expected: string, key = 'db.yaml') => poll(api, () => status(api, key)).toContain(expected);

/** Resolves when the plans have been read twice more by every server: what stands there has been seen. */
async function read(api: PlayedApi, servers = 1): Promise<void> {
  const lists = () => api.asked.filter(({ path }) => path.endsWith('/shop/configmaps')).length;
  const before = lists();
  await poll(api, lists).toBeGreaterThan(before + 2 * servers);
}

/** A plan that an order has brought to its end. */
async function moved(context: TestContext) {
  const api = await played(context, moves({ 'db.yaml': planText(['advance: auto']) }));
  const one = await server(api);
  await answered(one, '10.0.0.1');
  await order(api, 'start 1');
  await reaches(one, 'done');
  await stands(api, 'epoch 1, done; since ');
  return { api, one };
}

const paused = async (of: PlanServer) => (await of.status(plan)).paused;

test.concurrent('from the start to the end', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText(['canary: [10%, 50%]']) }));
  const one = await server(api);
  await answered(one, '10.0.0.1');
  await stands(api, 'epoch 1, original; since ');
  await order(api, 'start 1 # ann');
  await reaches(one, 'lowering');
  await stands(api, 'epoch 1, lowering; since ');
  await stands(api, "; order 'start 1 # ann' carried out");
  await told(api, "moves OrderCarriedOut: plan shop.db: 'start 1 # ann'");
  expect((await one.status(plan)).changed).toMatchObject({ why: 'started', by: 'ConfigMap shop/moves: ann' });
  // It is tried until the old TTL is over.
  await order(api, 'advance 1 lowering');
  await stands(api, 'epoch 1, transition, step 1; since ');
  await order(api, 'pause 1');
  await stands(api, 'epoch 1, transition, step 1, paused; since ');
  await order(api, 'resume 1');
  await stands(api, "order 'resume 1' carried out");
  await order(api, 'advance 1 transition 1');
  await stands(api, 'epoch 1, transition, step 2; since ');
  await order(api, 'advance 1 transition 2');
  await reaches(one, 'done');
  await answered(one, '172.17.0.1');
  await stands(api, 'epoch 1, done; since ');
  // With the plan goes what was said of it.
  api.put({ ...moves({}), metadata: metadataOf(api) });
  await told(api, 'moves PlanLeft: ');
  await poll(api, () => status(api, 'db.yaml')).toBe('');
});

test.concurrent('and back: what was ordered before does not begin anew, after a restart either', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText() }));
  const one = await server(api);
  await answered(one, '10.0.0.1');
  await order(api, 'start 1');
  await reaches(one, 'lowering');
  await ordered(one, 'rollback');
  await stands(api, 'epoch 2, original');
  await one.running.stop();
  const again = await server(api);
  await answered(again, '10.0.0.1');
  await read(api);
  expect(await phase(again)).toBe('original');
  await order(api, 'start 1 # again');
  await stands(api, "order 'start 1 # again' refused: the plan is in epoch 2");
  await order(api, 'start 2');
  await reaches(again, 'lowering');
  await order(api, 'rollback 2');
  await stands(api, 'epoch 3, original');
});

test.concurrent('one annotation is one command, for two servers, reloads and restarts; a removed one is none', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText(['canary: [10%, 50%]']) }));
  const both = await Promise.all(['one', 'two'].map((replica) => server(api, { replica })));
  const [one, two] = both as [PlanServer, PlanServer];
  for (const each of both) await answered(each, '10.0.0.1');
  await order(api, 'start 1');
  for (const each of both) await reaches(each, 'lowering');
  await order(api, 'advance 1 lowering');
  await reaches(one, 'transition');
  await read(api, 2);
  expect((await one.status(plan)).step).toBe(0);
  await order(api, 'pause 1');
  for (const each of both) await poll(each, () => paused(each)).toBe(true);
  expect(await one.order(plan, 'resume')).toBeUndefined();
  await one.running.server.reload();
  await two.running.stop();
  const again = await server(api, { replica: 'two' });
  await reaches(again, 'transition');
  await read(api, 2);
  expect(await paused(again)).toBe(false);
  await order(api, null);
  await read(api, 2);
  await order(api, 'pause 1');
  await read(api, 2);
  expect(await paused(one)).toBe(false);
  expect(events(api).filter((each) => each.includes('OrderCarriedOut'))).toHaveLength(3);
});

test.concurrent('every process of a server goes by it', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText(['advance: auto']) }));
  const one = await server(api, { before: 'multisocket 2', port: await freePort() });
  await answered(one, '10.0.0.1');
  await order(api, 'start 1');
  await reaches(one, 'done');
  await answered(one, '172.17.0.1');
  expect(events(api).filter((each) => each.includes('OrderCarriedOut'))).toEqual(["moves OrderCarriedOut: plan shop.db: 'start 1'"]);
});

test.concurrent('an order is refused, and the event, the annotation and the log say why', async (context) => {
  const refusals = [
    ['strat 1', "'strat' is no order, expected start, advance, pause, resume or rollback"],
    // That a server is gone is not for a team to say.
    ['forget 1 one', "'forget' is no order, expected start, advance, pause, resume or rollback"],
    ['start', "no epoch, expected the one that was seen, as in 'start 1'"],
    ['start 1 -force', "unexpected '-force', expected 'start 1'"],
    ['advance 1', "no phase, expected the one that was seen, as in 'advance 1 lowering' or 'advance 1 transition 2'"],
    ['advance 1 transition 1', 'the plan is in original'],
    ['resume 2', 'the plan is in epoch 1'],
    ['rollback 1', 'nothing has begun'],
  ] as const;
  const keyed = refusals.map(([words, why], i) => ({ words, why, called: `p${i}` }));
  const texts = keyed.map(({ called }) => [`${called}.yaml`, planText().replace('plan: db', `plan: ${called}`).replace('db.', `${called}.`)]);
  const api = await played(context, moves(Object.fromEntries(texts)));
  await annotate(api, Object.fromEntries(keyed.map(({ called, words }) => [`order.ferrydns/${called}.yaml`, ` ${words}\n`])));
  const one = await server(api);
  for (const { called, words, why } of keyed) {
    await stands(api, `epoch 1, original; since `, `${called}.yaml`);
    await stands(api, `; order '${words}' refused: ${why}`, `${called}.yaml`);
    await told(api, `moves OrderRefused: plan shop.${called}: '${words}': ${why}`);
    await said(one, `ConfigMap shop/moves, ${called}.yaml: order '${words}' refused: ${why}`);
  }
});

test.concurrent('an order waits for the plan that stands beside it', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText() }));
  const one = await server(api);
  await answered(one, '10.0.0.1');
  api.put(moves({ 'db.yaml': planText(['mode: later']) }));
  await order(api, 'start 1');
  await stands(api, 'epoch 1, original; since ');
  await stands(api, '; the text that stands here is refused: line 11');
  await read(api);
  expect(await phase(one)).toBe('original');
  api.put({ ...moves({ 'db.yaml': planText(['advance: auto']) }), metadata: metadataOf(api) });
  await reaches(one, 'done');
});

test.concurrent('without the right to write into ConfigMaps orders are followed, and events tell what comes of them', async (context) => {
  const api = await played(context, moves({ 'db.yaml': planText() }));
  const one = await server(api);
  const { fault } = api;
  api.fault = ({ path, method, authorization }) =>
    method === 'PATCH' && path === place && authorization !== undefined ? { status: 403, reason: 'Forbidden' } : undefined;
  await answered(one, '10.0.0.1');
  await order(api, 'start 1');
  await reaches(one, 'lowering');
  await told(api, "moves OrderCarriedOut: plan shop.db: 'start 1'");
  await said(one, 'how plans stand is not written into ConfigMaps: no permission to patch configmaps in namespace shop');
  api.fault = fault;
  await order(api, 'rollback 1');
  await told(api, "moves OrderCarriedOut: plan shop.db: 'rollback 1'");
});

test.concurrent('what the status says was settled is not done again by servers that have lost all that they knew', async (context) => {
  const { api, one } = await moved(context);
  await one.running.stop();
  api.delete(store(api));
  const again = await server(api);
  await stands(api, 'epoch 1, original; since ');
  await stands(api, "; order 'start 1' refused: it was settled before, as the status said; another one is needed, as 'start 1 # again'");
  await said(again, "ConfigMap shop/moves, db.yaml: order 'start 1' refused: it was settled before");
  expect(await phase(again)).toBe('original');
  await order(api, 'start 1 # again');
  await reaches(again, 'done');
});

test.concurrent('an order that was settled for the plan before begins no other plan under its key', async (context) => {
  const { api, one } = await moved(context);
  const other = planText().replace('plan: db', 'plan: other').replace('names: [db.', 'names: [other.');
  api.put({ ...moves({ 'db.yaml': other }), metadata: metadataOf(api) });
  await stands(api, 'epoch 1, original; since ');
  await stands(api, "; order 'start 1' refused: it was settled before");
  expect((await one.status('shop.other')).phase).toBe('original');
});
