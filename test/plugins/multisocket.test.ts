// Which numbers are taken, as CoreDNS 1.14.7 takes them. What the workers do is in test/server/multisocket.test.ts.
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import multisocket from '../../plugins/multisocket/index.ts';
import { textSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';

const check = (lines: string) => new Server({ source: textSource(`.:0 {\n${lines}\nwhoami\n}\n`, 'Corefile'), registry, output: () => {} }).check();

test.each(['', '1', '2', '+2', '02', '1024'])('%j is accepted', async (number) => {
  await expect(check(`multisocket ${number}`)).resolves.toBeUndefined();
});

test.each([
  ['0', /num sockets can not be zero or negative: 0/],
  ['-1', /num sockets can not be zero or negative: -1/],
  ['1025', /num sockets exceeds maximum \(1024\): 1025/],
  ['x', /invalid num sockets: /],
  ['0x2', /invalid num sockets: /],
  ['1_0', /invalid num sockets: /],
  ['""', /invalid num sockets: /],
  ['9223372036854775808', /invalid num sockets: /],
  ['2 3', /Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '3'/],
  ['2 {\nfoo\n}', /Corefile:3 - Error during parsing: unknown property 'foo'/],
  ['2\nmultisocket 3', /Corefile:3 - Error during parsing: this plugin can only be used once per Server Block/],
])('%j is refused', async (number, message) => {
  await expect(check(`multisocket ${number}`)).rejects.toThrow(message);
});

test('without a number there are as many as cores to run on', async () => {
  const instance = await multisocket.setup({}, undefined as never);
  expect(instance.settings?.sockets).toBe(availableParallelism());
});
