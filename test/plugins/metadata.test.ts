import { definePlugin, metadataKey, metadataSource, provide } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { block, refusal } from '../support/refusal.ts';

const key = metadataKey<string>('census/name', 'the name that was counted');
const counted: string[] = [];
const census = {
  plugin: definePlugin({
    name: 'census',
    summary: 'tells the name of a query',
    config: {},
    setup: () => ({
      provides: [
        provide(metadataSource, (query) => {
          counted.push(query.name);
          query.metadata?.set(key, `counted ${query.name}`);
        }),
      ],
    }),
  }),
  place: { before: 'whoami' },
};
const logging = 'log . "{name} {/census/name}"';

test('metadata asks the sources of its block before the chain runs', async () => {
  await using server = await serve(block('metadata', 'census', logging), { plugins: [census] });
  await server.ask('www.example.org');
  expect(server.lines).toContain('[INFO] www.example.org. counted www.example.org.');
});

test('without the directive no source is asked', async () => {
  counted.length = 0;
  await using server = await serve(block('census', logging), { plugins: [census] });
  await server.ask('www.example.org');
  expect(server.lines).toContain('[INFO] www.example.org. -');
  expect(counted).toEqual([]);
});

test('sources are asked for the zones of the directive only', async () => {
  await using server = await serve(block('metadata example.org 10.0.0.0/8', 'census', logging), { plugins: [census] });
  for (const name of ['a.example.org', 'badexample.org', '1.2.3.10.in-addr.arpa']) await server.ask(name);
  expect(server.lines).toEqual([
    '[INFO] a.example.org. counted a.example.org.',
    '[INFO] badexample.org. -',
    '[INFO] 1.2.3.10.in-addr.arpa. counted 1.2.3.10.in-addr.arpa.',
  ]);
});

test('a second use and options are refused', async () => {
  expect(await refusal(block('metadata', 'metadata'))).toContain('only be used once');
  expect(await refusal(block('metadata {\nfast\n}'))).toContain("unknown property 'fast'");
});
