// Server blocks of the same zone, chosen by views: over real sockets, through reloads, and in several processes.
import { definePlugin, type Instance } from 'ferrydns/plugin';
import { ask, serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { hasIpv6 } from '../support/udp.ts';

function answering(address: string, ...lines: readonly string[]): string {
  return `.:0 {\n${lines.join('\n')}\nhosts {\n${address} www.example.org host.example.org\n}\n}\n`;
}

function view(name: string, ...expressions: readonly string[]): string {
  return `view ${name} {\n${expressions.map((each) => `expr ${each}\n`).join('')}}`;
}

const address = ({ answers }: { readonly answers: readonly string[] }) => answers.map((each) => each.split(' ').at(-1)).join();

test('the client, the name and the transport choose, and the block without a view takes the rest', async () => {
  await using server = await serve(
    answering('192.0.2.9') +
      answering('192.0.2.1', view('near', "incidr(client_ip(), '127.0.0.2/31')")) +
      answering('192.0.2.2', view('stream', "proto() == 'tcp'", "name() startsWith 'www.'")),
  );
  expect(address(await server.ask('www.example.org', 'A', { from: '127.0.0.3' }))).toBe('192.0.2.1');
  expect(address(await server.ask('www.example.org', 'A', { transport: 'tcp' }))).toBe('192.0.2.2');
  expect(address(await server.ask('host.example.org', 'A', { transport: 'tcp' }))).toBe('192.0.2.9');
  expect(address(await server.ask('www.example.org'))).toBe('192.0.2.9');
});

test('of the views whose networks a client is in, the first that takes the query answers; those of other networks are passed over', async () => {
  const all = [
    view('office', "incidr(client_ip(), '10.0.0.0/8') || incidr(client_ip(), '127.0.0.4/31')", "type() == 'A'"),
    view('lab', "name() startsWith 'www.' && incidr(client_ip(), '127.0.0.5/32')"),
    view('host', "name() startsWith 'host.'"),
    view('others', "!incidr(client_ip(), '127.0.0.5/32')"),
    view('six', "incidr(client_ip(), '::/0')"),
    view('list', `"any(['192.0.2.0/24', '127.0.0.4/30'], incidr(client_ip(), #))"`, 'do()'),
  ];
  await using server = await serve(all.map((each, i) => answering(`192.0.2.${i + 1}`, each)).join('') + answering('192.0.2.9'));
  const found = async (name: string, from: string, transport: 'udp' | 'tcp') => address(await server.ask(name, 'A', { from, transport }));
  for (const transport of ['udp', 'tcp'] as const) {
    expect(await found('www.example.org', '127.0.0.4', transport)).toBe('192.0.2.1');
    expect(await found('www.example.org', '127.0.0.5', transport)).toBe('192.0.2.1');
    expect(await found('host.example.org', '127.0.0.6', transport)).toBe('192.0.2.3');
    expect(await found('www.example.org', '127.0.0.6', transport)).toBe('192.0.2.4');
  }
  const typed = async (from: string) => (await server.explain('www.example.org', 'AAAA', { client: from })).block?.view;
  expect(await typed('127.0.0.4')).toBe('others');
  expect(await typed('127.0.0.5')).toBe('lab');
  expect(await typed('2001:db8::1')).toBe('others');
  await using listed = await serve(answering('192.0.2.1', all.at(-1) ?? '') + answering('192.0.2.9'));
  for (const [from, expected] of [
    ['127.0.0.6', '192.0.2.1'],
    ['127.0.0.8', '192.0.2.9'],
  ] as const)
    expect(address(await listed.ask('www.example.org', 'A', { from, dnssecOk: true }))).toBe(expected);
  expect(address(await listed.ask('www.example.org', 'A', { from: '127.0.0.6' }))).toBe('192.0.2.9');
});

test.runIf(hasIpv6)('clients of IPv6 are told apart by their networks', async () => {
  const found = async (networks: readonly string[]) => {
    const near = view('near', networks.map((each) => `incidr(client_ip(), '${each}')`).join(' || '));
    await using server = await serve(answering('192.0.2.1', near, 'bind ::1') + answering('192.0.2.9', 'bind ::1'));
    const question = { port: server.port, address: '::1', name: 'www.example.org' };
    return [address(await ask(question)), address(await ask({ ...question, transport: 'tcp' }))];
  };
  expect(await found(['2001:db8::/32', '::1/128'])).toEqual(['192.0.2.1', '192.0.2.1']);
  expect(await found(['::2/127', 'fe80::/10', '0.0.0.0/0'])).toEqual(['192.0.2.9', '192.0.2.9']);
});

test('a query that no view takes is refused', async () => {
  await using server = await serve(answering('192.0.2.1', view('nobody', 'false')));
  expect((await server.ask('www.example.org')).rcode).toBe('REFUSED');
});

test('each view has a cache of its own, and metrics tell which', async () => {
  const blocks = answering('192.0.2.1', view('loud', 'do()'), 'cache 60', 'prometheus :0') + answering('192.0.2.2', 'cache 60', 'prometheus :0');
  await using server = await serve(blocks.replaceAll(':0\n', '127.0.0.1:0\n').replaceAll('.127.0.0.1:0', '.:0'));
  const asked = [];
  for (const dnssecOk of [true, false, true, false]) asked.push(address(await server.ask('www.example.org', 'A', { dnssecOk })));
  expect(asked).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2']);
  const metrics = await server.metrics();
  for (const name of ['loud', '']) {
    expect(metrics).toMatch(new RegExp(`coredns_cache_hits_total\\{.*view="${name}".*\\} 1`));
    expect(metrics).toMatch(new RegExp(`coredns_dns_requests_total\\{.*view="${name}".*\\} 2`));
  }
});

test('explain says which views were tried, and which block was chosen', async () => {
  await using server = await serve(
    answering('192.0.2.1', view('loud', 'do()')) +
      answering('192.0.2.2', view('inner', "incidr(client_ip(), '10.0.0.0/8')")) +
      answering('192.0.2.9'),
  );
  const inner = await server.explain('www.example.org', 'A', { client: '10.1.2.3' });
  expect(inner.block?.view).toBe('inner');
  expect(inner.remarks).toEqual(['view loud does not take the query: do() is not true', 'view inner takes the query']);
  const other = await server.explain('www.example.org', 'DS', { client: '192.0.2.77' });
  expect(other.block?.view).toBe('');
  expect(other.remarks).toEqual([
    'view loud does not take the query: do() is not true',
    "view inner does not take the query: incidr(client_ip(), '10.0.0.0/8') is not true",
  ]);
});

test('explain says that no server block takes the query', async () => {
  await using server = await serve(answering('192.0.2.1', view('nobody', 'false')));
  expect((await server.explain('www.example.org')).remarks).toEqual([
    'view nobody does not take the query: false is not true',
    'no server block takes the query: refused',
  ]);
});

test('a wrong expression is refused at its place', async () => {
  const message = await refusal(`.:0 {\nview first {\n  expr name() == "'x'" && prot() == 'tcp'\n}\nwhoami\n}\n`);
  expect(message).toContain('plugin/view: ');
  expect(message).toContain(`:3 - Error during parsing: there is no function prot, did you mean proto?`);
  expect(message).toContain("    3 |   expr name() == \"'x'\" && prot() == 'tcp'\n      |                           ^^^^");
});

test('a network that is none is refused at its place', async () => {
  const message = await refusal(answering('192.0.2.1', view('first', "incidr(client_ip(), '10.0.0.0/33')")));
  expect(message).toContain('found "10.0.0.0/33", expected an address, or a network');
  expect(message).toContain('                          ^^^^^^^^^^^^^');
});

test('two views in a block, other options and no name are refused', async () => {
  expect(await refusal(answering('192.0.2.1', view('a'), view('b')))).toContain('only be used once');
  expect(await refusal(answering('192.0.2.1', 'view a {\nwhen true\n}'))).toContain("unknown property 'when'");
  expect(await refusal(answering('192.0.2.1', 'view'))).toContain('Wrong argument count');
  expect(await refusal(answering('192.0.2.1', 'view a {\nexpr\n}'))).toContain('Wrong argument count');
});

test('two blocks without a view for one zone are refused, beside those with one', async () => {
  const message = await refusal(answering('192.0.2.1', view('a', 'true')) + answering('192.0.2.2') + answering('192.0.2.3'));
  expect(message).toContain('it is already defined');
});

test('what is no bool is warned of, and takes no query', async () => {
  await using server = await serve(answering('192.0.2.1', view('number', 'size()')) + answering('192.0.2.9'));
  expect(server.lines.join('\n')).toContain('this is no bool, so the view takes no query: size()');
  expect(address(await server.ask('www.example.org'))).toBe('192.0.2.9');
});

test('what cannot be evaluated is not true of the query', async () => {
  await using server = await serve(answering('192.0.2.1', view('odd', "split(name(), '.')[9] != 'x' or true")) + answering('192.0.2.9'));
  expect(address(await server.ask('www.example.org'))).toBe('192.0.2.9');
});

test('a view of a plugin that throws is no, and a collector that throws costs the query, not the server', async () => {
  const thrower = (name: string, instance: Instance) => ({
    plugin: definePlugin({ name, summary: '', config: {}, setup: () => instance }),
    place: { before: 'whoami' },
  });
  const fail = () => {
    throw new Error('a mistake');
  };
  const plugins = [thrower('unsure', { admits: fail }), thrower('confused', { collect: fail })];
  await using unsure = await serve(answering('192.0.2.1', 'unsure') + answering('192.0.2.9'), { plugins });
  expect(address(await unsure.ask('www.example.org'))).toBe('192.0.2.9');
  await using confused = await serve(answering('192.0.2.1', 'confused'), { plugins });
  expect((await confused.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(confused.lines.join('\n')).toContain('a mistake');
});

test('a reload keeps what the blocks have apart, whatever order they are written in', async () => {
  const loud = answering('192.0.2.1', view('loud', 'do()'), 'tally');
  const quiet = answering('192.0.2.2', view('quiet', '!do()'), 'tally');
  let made = 0;
  const adopted: string[] = [];
  const tally = definePlugin({
    name: 'tally',
    summary: 'knows which instance it comes after',
    config: {},
    setup() {
      const number = ++made;
      const instance: Instance & { readonly number: number } = {
        number,
        handle: (query, next) => next(query),
        adopt(previous) {
          adopted.push(`${number} from ${(previous as typeof instance).number}`);
        },
      };
      return instance;
    },
  });
  await using server = await serve(loud + quiet, { plugins: [{ plugin: tally, place: { before: 'hosts' } }] });
  await server.reload(quiet + loud);
  expect(adopted.sort()).toEqual(['3 from 2', '4 from 1']);
  expect(address(await server.ask('www.example.org', 'A', { dnssecOk: true }))).toBe('192.0.2.1');
});

test('a configuration with a wrong expression leaves what runs as it is', async () => {
  await using server = await serve(answering('192.0.2.1', view('all', 'true')));
  await expect(server.reload(answering('192.0.2.2', view('all', 'tru')))).rejects.toThrow('there is no tru here');
  expect(address(await server.ask('www.example.org'))).toBe('192.0.2.1');
});

test('several processes choose alike, each block by its own view', async () => {
  await using server = await serve(
    answering('192.0.2.1', view('near', "incidr(client_ip(), '127.0.0.2/32')"), 'multisocket 2', 'cache 30') +
      answering('192.0.2.2', view('far', "client_ip() == '127.0.0.3'"), 'multisocket 2', 'cache 30') +
      answering('192.0.2.9', 'multisocket 2'),
  );
  for (let round = 0; round < 8; round++) {
    for (const [from, expected] of [
      ['127.0.0.2', '192.0.2.1'],
      ['127.0.0.3', '192.0.2.2'],
      ['127.0.0.1', '192.0.2.9'],
    ] as const) {
      expect(address(await server.ask('www.example.org', 'A', { from }))).toBe(expected);
    }
  }
});
