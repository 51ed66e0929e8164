// rewrite edns0: options of queries, and the way back.
import { definePlugin, type Instance, metadataKey, type Query, Reply } from 'ferrydns/plugin';
import { type ServeOptions, serve, type TestServer } from 'ferrydns/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { ask } from '../support/client.ts';

/** The queries that got past rewrite. */
const passed: Query[] = [];
beforeEach(() => void passed.splice(0));

/** Stands for the rest of the chain: takes every query and sends its options back. */
const rest = definePlugin({
  name: 'rest',
  summary: 'sends options back',
  config: {},
  setup: (): Instance => ({
    handle(query) {
      passed.push(query);
      return Reply.empty('NOERROR', { options: query.options });
    },
  }),
});

const withRules = (rules: readonly string[], options: ServeOptions = {}): Promise<TestServer> =>
  serve(`.:0 {\n${rules.join('\n')}\n rest\n}`, { plugins: [{ plugin: rest, place: { before: 'whoami' } }, ...(options.plugins ?? [])] });

/** The size and the options of a query with EDNS: "1232 do 10:0011". */
function ednsOf(query: Query | undefined): string | undefined {
  if (query?.edns !== true) return undefined;
  const options = query.options.map(({ code, data }) => `${code}:${Buffer.from(data).toString('hex')}`);
  return [query.advertisedSize, ...(query.dnssecOk ? ['do'] : []), ...options].join(' ');
}

async function sent(rules: readonly string[], question: string): Promise<string | undefined> {
  await using server = await withRules(rules);
  await ask(server, question);
  return ednsOf(passed.at(-1));
}

test.each([
  ['local set 0xffee abc', 'a.test A', '4096 65518:616263'],
  ['local set 0xffee abc', 'a.test A +size=1400 +do', '1400 do 65518:616263'],
  ['local set 65518 0x0102', 'a.test A +option=65518:ff', '1232 65518:0102'],
  ['local set 0xff_ee 0x', 'a.test A', '4096 65518:'],
  ['local append 0xffee abc', 'a.test A', '4096 65518:616263'],
  ['local append 0xffee abc', 'a.test A +option=65518:ff', '1232 65518:ff 65518:616263'],
  ['local replace 0xffee abc', 'a.test A +option=65518:ff', '1232 65518:616263'],
  ['local replace 0xffee abc', 'a.test A +option=65519:ff', '1232 65519:ff'],
  ['local replace 0xffee abc', 'a.test A', '4096'],
  ['local unset 0xffee', 'a.test A +option=65518:ff', '1232'],
  ['local unset 0xffee', 'a.test A +option=65519:ff', '1232 65519:ff'],
  ['nsid set', 'a.test A', '4096 3:'],
  ['nsid append', 'a.test A +option=3:', '1232 3: 3:'],
  ['nsid replace', 'a.test A +option=3:ab', '1232 3:'],
  ['nsid unset', 'a.test A +option=3:', '1232'],
  ['subnet set 24 56', 'a.test A', '4096 8:000118007f0000'],
  ['subnet set 5 56', 'a.test A', '4096 8:0001050078'],
  ['subnet set 0 0', 'a.test A', '4096 8:00010000'],
  ['subnet append 16 56', 'a.test A +option=8:00011800c00002', '1232 8:00011800c00002'],
  ['subnet replace 16 56', 'a.test A +option=8:00011800c00002', '1232 8:000110007f00'],
  ['subnet unset', 'a.test A +option=8:00011800c00002', '1232'],
])('rewrite edns0 %s, asked %s, sends %s', async (rule, question, expected) => {
  expect(await sent([`rewrite edns0 ${rule}`], question)).toBe(expected);
});

describe('variables', () => {
  test.each([
    ['{qname}', 'Mixed.test A', Buffer.from('Mixed.test.').toString('hex')],
    ['{qtype}', 'a.test AAAA', '001c'],
    ['{client_ip}', 'a.test A', '7f000001'],
    ['{server_ip}', 'a.test A', '7f000001'],
    ['{protocol}', 'a.test A', Buffer.from('udp').toString('hex')],
    ['{protocol}', 'a.test A +tcp', Buffer.from('tcp').toString('hex')],
  ])('%s of %s', async (variable, question, expected) => {
    expect(await sent([`rewrite edns0 local set 0xffee ${variable}`], question)).toBe(`4096 65518:${expected}`);
  });

  test('ports are two octets', async () => {
    await using server = await withRules(['rewrite continue edns0 local set 1001 {client_port}', 'rewrite edns0 local set 1002 {server_port}']);
    const { clientPort } = await ask(server, 'a.test A');
    const options = passed[0]?.options.map(({ data }) => Buffer.from(data).readUInt16BE());
    expect(options).toEqual([clientPort, server.port]);
  });

  test('are added once: where the option is there, `append` leaves it', async () => {
    expect(await sent(['rewrite edns0 local append 0xffee {qtype}'], 'a.test A +option=65518:ff')).toBe('1232 65518:ff');
  });

  const tenant = metadataKey<string>('house/tenant', 'whose query it is');
  const tagged = definePlugin({
    name: 'tagged',
    summary: 'tells whose query it is',
    config: {},
    setup: () => ({
      handle(query, next) {
        query.collectMetadata().set(tenant, query.name.startsWith('blue.') ? 'blue' : '');
        return next(query);
      },
    }),
  });
  const options: ServeOptions = { plugins: [{ plugin: tagged, place: { before: 'rewrite' } }] };

  test('metadata stands for its value; without one the rule does not apply', async () => {
    await using server = await withRules(['tagged', 'rewrite edns0 local set 0xffee {house/tenant}', 'rewrite name plain.test other.test'], options);
    await ask(server, 'blue.test A');
    await ask(server, 'plain.test A');
    expect(passed.map((query) => [query.name, ednsOf(query)])).toEqual([
      ['blue.test.', '4096 65518:626c7565'],
      ['other.test.', undefined],
    ]);
  });
});

test('a rule that has nothing to replace is passed over, so the next one is tried', async () => {
  await using server = await withRules(['rewrite edns0 nsid replace', 'rewrite name a.test b.test']);
  await ask(server, 'a.test A +edns');
  await ask(server, 'a.test A +option=3:');
  expect(passed.map(({ name }) => name)).toEqual(['b.test.', 'a.test.']);
});

describe('the reply', () => {
  const optionsOf = async (rule: string, question: string) => {
    await using server = await withRules([rule]);
    return (await ask(server, question)).reply?.opt?.options;
  };

  test('brings the option of the query back as it was with `revert`', async () => {
    expect(await optionsOf('rewrite edns0 local set 0xffee abc revert', 'a.test A +option=65518:ff')).toEqual([{ code: 65518, data: 'ff' }]);
  });

  test('loses an option that the query had not', async () => {
    expect(await optionsOf('rewrite edns0 local set 0xffee abc revert', 'a.test A +edns')).toEqual([]);
  });

  test('keeps what the rest of the chain sent without `revert`, for an asker that sent the option', async () => {
    expect(await optionsOf('rewrite edns0 local set 0xffee abc', 'a.test A +option=65518:ff')).toEqual([{ code: 65518, data: '616263' }]);
  });

  test.each([
    ['local set 0xffee abc', '+edns'],
    ['nsid set', '+edns'],
    ['subnet set 24 56', '+edns'],
    ['subnet set 24 56 revert', '+edns'],
    ['subnet set 24 56', '+option=8:00010900cbff'],
  ])('of %s has no option that the query asked with %s did not call for', async (rule, words) => {
    expect(await optionsOf(`rewrite edns0 ${rule}`, `a.test A ${words}`)).toEqual([]);
  });

  test.each(['', 'revert'])('tells who named a network about that network, not about the one of the rule: %j', async (revert) => {
    const named = [{ code: 8, data: '000118000a0a01' }];
    expect(await optionsOf(`rewrite edns0 subnet set 24 56 ${revert}`, 'a.test A +option=8:000118000a0a01')).toEqual(named);
  });

  test('has no OPT record for a query that had none', async () => {
    expect(await optionsOf('rewrite edns0 local set 0xffee abc', 'a.test A')).toBeUndefined();
  });
});
