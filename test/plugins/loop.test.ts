import { definePlugin, integer, Reply, type StartContext } from 'ferrydns/plugin';
import { ask, serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';

describe('loop', () => {
  test('ends the process when its question comes back a third time', async () => {
    const exited = Promise.withResolvers<number>();
    await using server = await serve('.:0 {\n loop\n mirror 3\n}', {
      plugins: [{ plugin: mirror(), place: { after: 'loop' } }],
      exit: exited.resolve,
    });
    expect(await exited.promise).toBe(1);
    const own = `127\\.0\\.0\\.1:${server.port}`;
    const pattern = new RegExp(
      `^\\[FATAL\\] plugin/loop: Loop \\(127\\.0\\.0\\.1:\\d+ -> ${own}\\) detected for zone "\\.", ` +
        'see https://coredns\\.io/plugins/loop#troubleshooting\\. Query: "HINFO \\d+\\.\\d+\\."$',
    );
    expect(server.lines.filter((line) => line.startsWith('[FATAL]'))).toEqual([expect.stringMatching(pattern)]);
  });

  test('asks below the first zone of its block', async () => {
    const asked = Promise.withResolvers<string>();
    const watching = mirror((name) => asked.resolve(name));
    await using _server = await serve('example.org:0 example.net:0 {\n loop\n mirror 0\n}', {
      plugins: [{ plugin: watching, place: { after: 'loop' } }],
    });
    expect(await asked.promise).toMatch(/^\d+\.\d+\.example\.org\.$/);
  });

  test('tells a question that goes out and comes back a second time from a loop, and rests once a reply came', async () => {
    const asked: string[] = [];
    const answered = Promise.withResolvers<void>();
    const watching = mirror((name) => asked.push(name), answered.resolve);
    const statuses: number[] = [];
    await using server = await serve('.:0 {\n loop\n mirror 1\n}', {
      plugins: [{ plugin: watching, place: { after: 'loop' } }],
      exit: (status) => void statuses.push(status),
    });
    await answered.promise;
    // The reply is on its way to who asked; it is there before this one.
    await server.ask('other.example.org');
    expect(asked).toHaveLength(2 + 1);
    const [name = ''] = asked;
    for (let i = 0; i < 4; i++) expect((await server.ask(name, 'HINFO')).rcode).toBe('NXDOMAIN');
    expect(statuses).toEqual([]);
  });

  test('finds a loop that a new configuration makes with forward', async () => {
    const exited = Promise.withResolvers<number>();
    await using server = await serve('.:0 {\n whoami\n}', { exit: exited.resolve });
    await server.reload(`.:0 {\n loop\n forward . 127.0.0.1:${server.port}\n}`);
    expect(await exited.promise).toBe(1);
    expect(server.lines.join('\n')).toContain('[FATAL] plugin/loop: Loop (127.0.0.1:');
  });

  test.each([
    ['loop x', "Wrong argument count or unexpected line ending after 'x'"],
    ['loop\nloop', 'this plugin can only be used once per Server Block'],
  ])('refuses %j', async (directive, message) => {
    await expect(serve(`.:0 {\n${directive}\n}`)).rejects.toThrow(message);
  });
});

/** A plugin that asks its own server over UDP what it is asked, for so many queries, then says that no name exists: a forward that points at itself. */
function mirror(asked: (name: string) => void = () => {}, answered: () => void = () => {}) {
  return definePlugin({
    name: 'mirror',
    summary: 'asks its own server',
    config: { args: { times: integer() } },
    setup({ times }) {
      let left = times;
      let context: StartContext | undefined;
      return {
        start(given) {
          context = given;
        },
        async handle({ name, type }) {
          asked(name);
          const port = context?.server.listeners()[0]?.port ?? 0;
          const first = left === times;
          const { reply } = left-- > 0 ? await ask({ port, name, type }) : { reply: Reply.empty('NXDOMAIN') };
          if (first) setImmediate(answered);
          return reply;
        },
      };
    },
  });
}
