// What `ferrydns/testing` offers the tests of plugins.
import { clientSubnetOf, clientSubnetOption, definePlugin, EdnsOption, Reply, record } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { block } from '../support/refusal.ts';

/** Tells how it was asked, and gives back what it got. */
const echo = definePlugin({
  name: 'echo',
  summary: 'tells how it was asked',
  config: {},
  setup: () => ({
    handle(query) {
      query.explained?.note('echoes');
      const { dnssecOk, checkingDisabled, recursionDesired, authenticData, client } = query;
      const asked = { dnssecOk, checkingDisabled, recursionDesired, authenticData, transport: client.transport, size: query.udpSize };
      const subnet = clientSubnetOf(query.options);
      const options = [
        ...query.options.filter(({ code }) => code === 65_001),
        ...(subnet === undefined ? [] : [clientSubnetOption({ ...subnet, scope: 20 })]),
      ];
      return Reply.answer([record({ name: query.name, type: 'TXT', data: JSON.stringify(asked) })], {
        options,
        extendedError: { code: 15, text: 'by name' },
      });
    },
  }),
});

const heard = (answers: readonly string[]) => JSON.parse(JSON.parse(answers[0]?.replace(/^.* TXT /, '') ?? '')) as object;

test('a query has the bits, the transport and the options that it is asked with, and the answer tells those that came back', async () => {
  await using server = await serve(block('echo'), { plugins: [echo] });
  const plain = await server.ask('www.test', 'TXT');
  expect(heard(plain.answers)).toEqual({
    dnssecOk: false,
    checkingDisabled: false,
    recursionDesired: true,
    authenticData: false,
    transport: 'udp',
    size: 512,
  });
  expect(plain).toMatchObject({ options: [], extendedErrors: [], clientSubnet: undefined });
  const more = await server.ask('www.test', 'TXT', {
    transport: 'tcp',
    dnssecOk: true,
    checkingDisabled: true,
    authenticData: true,
    recursionDesired: false,
    udpSize: 1400,
    clientSubnet: '192.0.2.77/24',
    options: [{ code: 65_001, data: Buffer.from('x') }],
  });
  expect(heard(more.answers)).toEqual({
    dnssecOk: true,
    checkingDisabled: true,
    recursionDesired: false,
    authenticData: true,
    transport: 'tcp',
    size: 1400,
  });
  expect(more.options.map(({ code }) => code)).toEqual([65_001, EdnsOption.CLIENT_SUBNET, EdnsOption.EDE]);
  expect(more.extendedErrors).toEqual([{ code: 15, text: 'by name' }]);
  expect(more.clientSubnet).toEqual({ network: '192.0.2.0/24', scope: 20 });
  await expect(server.ask('www.test', 'A', { clientSubnet: '192.0.2.0/40' })).rejects.toThrow('found "192.0.2.0/40", expected');
});

test('an answer is explained', async () => {
  await using server = await serve(block('echo'), { plugins: [echo] });
  const explanation = await server.explain('www.test', 'TXT', { client: '192.0.2.9' });
  expect(explanation).toMatchObject({ client: '192.0.2.9', answer: { rcode: 'NOERROR', extendedErrors: ['15 (blocked): by name'] } });
  expect(explanation.steps).toMatchObject([{ plugin: 'echo', notes: ['echoes'] }]);
});

test.each([
  ['its own', { order: { after: 'whoami' } as const }, undefined, false],
  ['the one that is given', { order: { after: 'whoami' } as const }, { before: 'whoami' } as const, true],
  ['before cache', {}, undefined, true],
])('a plugin stands at %s place', async (_, order, place, comesFirst) => {
  const plugin = definePlugin({ name: 'mine', summary: '', config: {}, ...order, setup: () => ({ handle: () => Reply.empty('NXDOMAIN') }) });
  await using server = await serve(block('mine'), { plugins: [place === undefined ? plugin : { plugin, place }] });
  expect((await server.ask('www.test')).rcode).toBe(comesFirst ? 'NXDOMAIN' : 'NOERROR');
});
