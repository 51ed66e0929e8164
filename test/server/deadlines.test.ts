// Plugins that do not come to an end: at setup, at the start, at a query, at the end.
import { definePlugin, type Instance, type PluginDefinition } from 'ferrydns/plugin';
import { freePort, serve } from 'ferrydns/testing';
import { describe, expect, test, vi } from 'vitest';
import { Program } from '../support/program.ts';
import { block } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const never = () => new Promise<never>(() => {});
const place = { before: 'whoami' };

/** A plugin of this instance, with short deadlines. */
const mine = (instance: Instance, more: Partial<PluginDefinition<Record<string, never>>> = {}) => ({
  plugin: definePlugin({ name: 'mine', summary: 'hangs', config: {}, deadlines: { setup: 50, start: 50, stop: 50 }, setup: () => instance, ...more }),
  place,
});

describe('a configuration is refused, with plugin and line, when there is no end to', () => {
  test.each([
    ['setup()', mine({}, { setup: never }), 'setup'],
    ['examine()', mine({ examine: never }), 'setup'],
    ['start()', mine({ start: never }), 'start'],
  ])('%s', async (member, plugin, deadline) => {
    const refused = serve(block('mine'), { plugins: [plugin] });
    await expect(refused).rejects.toThrow(/plugin\/mine: .*Corefile:\d+ - /);
    await expect(refused).rejects.toThrow(`${member} has not ended within 50ms`);
    await expect(refused).rejects.toThrow(`expected its promise to be kept, or a longer 'deadlines: { ${deadline} }' in the plugin, in milliseconds`);
  });

  test('and a reload that is refused leaves the old one serving', async () => {
    await using server = await serve(block(), { plugins: [mine({ start: never })] });
    await expect(server.reload(block('mine'))).rejects.toThrow('start() has not ended within 50ms');
    expect(await server.ask('www.test')).toMatchObject({ rcode: 'NOERROR' });
  });
});

test('a stop() without end is logged, and the others are stopped', async () => {
  const stopped = vi.fn();
  const other = { plugin: definePlugin({ name: 'other', summary: '', config: {}, setup: () => ({ stop: stopped }) }), place: { before: 'cache' } };
  const server = await serve(block('mine\nother'), { plugins: [other, mine({ stop: never })] });
  await server.stop();
  expect(server.lines.join('\n')).toMatch(/\[ERROR\] plugin\/mine: stop: .*Corefile:\d+ - .*stop\(\) has not ended within 50ms/);
  expect(stopped).toHaveBeenCalledOnce();
});

const hanging = (member: string) => `import { definePlugin } from 'ferrydns/plugin';
export default definePlugin({ name: 'mine', summary: '', config: {}, order: { before: 'whoami' }, setup: () => { console.log('set up'); return ${member}; } });`;
const corefile = (port: number) => `{\nplugin mine ./mine.js\n}\n.:${port} {\nbind 127.0.0.1\nmine\nwhoami\n}\n`;

describe.each(['SIGTERM', 'SIGINT'] as const)('%s ends the process', (signal) => {
  test.each([
    ['while setup() hangs', 'new Promise(() => {})'],
    ['while start() hangs, before which nothing listens', '{ start: () => new Promise(() => {}) }'],
  ])('%s', async (_, member) => {
    const port = await freePort();
    await using server = new Program({ files: { 'mine.js': hanging(member), Corefile: corefile(port) } });
    await vi.waitFor(() => expect(server.output.out).toContain('set up'), soon);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    server.process.kill(signal);
    expect(await server.ended).toBe(0);
    expect(server.output.error).toMatch(/plugin\/mine: .*Corefile:6 - .*had not ended when the server was told to stop/);
  });

  test('whose stop() hangs', async () => {
    await using server = new Program({
      files: { 'mine.js': hanging('{ stop: () => new Promise(() => {}) }'), Corefile: corefile(await freePort()) },
    });
    await vi.waitFor(() => expect(server.output.out).toContain('FerryDNS-'), soon);
    server.process.kill(signal);
    expect(await server.ended).toBe(0);
    expect(server.output.out).toContain('stop() has not ended within 5s');
  });
});

describe('a handler that never answers', () => {
  test('is SERVFAIL with an extended error while the client still waits, one line in the log and a count', async () => {
    const before = vi.fn();
    const slow = mine({ handle: (query, next) => (query.name === 'hangs.test.' ? never() : next(query)) });
    const patient = {
      plugin: definePlugin({ name: 'patient', summary: '', config: {}, setup: () => ({ handle: (query, next) => next(before(query) ?? query) }) }),
      place: { before: 'cache' },
    };
    await using server = await serve(block('patient\nmine'), { plugins: [patient, slow] });
    const asked = ['udp', 'tcp', 'udp'].map((transport) =>
      server.ask('hangs.test', 'A', { transport: transport as 'udp' | 'tcp', udpSize: 1232, timeout: 60_000 }),
    );
    expect(await server.ask('www.test')).toMatchObject({ rcode: 'NOERROR' });
    for (const answer of await Promise.all(asked)) {
      expect(answer.rcode).toBe('SERVFAIL');
      expect(answer.reply.options.map(({ code, data }) => [code, Buffer.from(data).toString('latin1')])).toEqual([[15, '\0\x16no answer in time']]);
    }
    expect(before).toHaveBeenCalledTimes(4);
    expect(server.lines.filter((line) => line.includes('no reply to'))).toEqual([
      expect.stringMatching(/^\[ERROR\] plugin\/mine \(.*Corefile:\d+\): no reply to hangs\.test\. IN A within 4\.75s, answered SERVFAIL$/),
    ]);
    expect(await server.metrics()).toMatch(/^ferrydns_queries_unanswered_total\{plugin="mine",server="dns:\/\/127\.0\.0\.1:0",zone="\."\} 3$/m);
  });

  test('is the one that has the reply of those behind it, not these', async () => {
    const keeper = mine({
      handle: async (query, next) => {
        await next(query);
        return never();
      },
    });
    await using server = await serve(block('mine'), { plugins: [keeper] });
    expect(await server.ask('www.test', 'A', { timeout: 60_000 })).toMatchObject({ rcode: 'SERVFAIL' });
    expect(server.lines.join('\n')).toMatch(/plugin\/mine \(.*\): no reply to www\.test\./);
  });

  test('gets the time that its instance says an answer may take', async () => {
    const patient = mine({ patience: 5500, handle: (query, next) => new Promise((resolve) => setTimeout(() => resolve(next(query)), 5200)) });
    await using server = await serve(block('mine'), { plugins: [patient] });
    expect(await server.ask('www.test', 'A', { timeout: 60_000 })).toMatchObject({ rcode: 'NOERROR' });
  });
});

describe('what setup() returns is looked at', () => {
  test.each([
    ['nothing', undefined, 'setup() returned undefined, expected an object with members such as handle, start and stop'],
    ['no object', 7, 'setup() returned number, expected an object'],
    ['a handler that is no function', { handle: 'NXDOMAIN' }, "'handle' of what setup() returned is string, expected function"],
    ['a list of what is no list', { provides: {} }, "'provides' of what setup() returned is object, expected array"],
    ['a member that is misspelt', { handel: () => {} }, "'handel' of what setup() returned is no member of an instance, did you mean 'handle'?"],
    ['a member in other letters', { onStart: 1, Stop: () => {} }, "did you mean 'stop'?"],
  ])('%s', async (_, instance, message) => {
    await expect(serve(block('mine'), { plugins: [mine(instance as Instance)] })).rejects.toThrow(message);
  });

  test('members of its own are its own', async () => {
    await using server = await serve(block('mine'), { plugins: [mine({ counts: new Map(), connect: () => {}, lookUp: () => {} } as Instance)] });
    expect(await server.ask('www.test')).toMatchObject({ rcode: 'NOERROR' });
  });
});

test.each([
  [{ name: 'mine', summary: '', config: {} }, "definePlugin: 'setup' is undefined, expected function"],
  [{ name: 'mine', summary: '', config: {}, setpu: () => ({}) }, "definePlugin: found 'setpu', did you mean 'setup'?"],
  [{ name: 7, summary: '', config: {}, setup: () => ({}) }, "definePlugin: 'name' is number, expected string"],
])('a definition is looked at: %j', (definition, message) => {
  expect(() => definePlugin(definition as unknown as PluginDefinition<Record<string, never>>)).toThrow(message);
});
