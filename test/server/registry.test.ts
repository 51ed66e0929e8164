// The registry: plugins in their order, each loaded when a configuration names it.
import { expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { textSource } from '../../src/server/configuration.ts';
import { loadPlugins, type Registry } from '../../src/server/registry.ts';
import { Server } from '../../src/server/server.ts';

test('every plugin is listed by its name', async () => {
  expect((await loadPlugins(registry)).map(({ name }) => name)).toEqual(registry.plugins.map(({ name }) => name));
});

test('a configuration loads the plugins that it names, and no other', async () => {
  const loaded: string[] = [];
  const observed: Registry = {
    ...registry,
    plugins: registry.plugins.map(({ name, load }) => ({
      name,
      load() {
        loaded.push(name);
        return load();
      },
    })),
  };
  const corefile = 'a.example {\n whoami\n errors\n}\nb.example {\n whoami\n}\n';
  await new Server({ source: textSource(corefile, 'Corefile'), registry: observed, output: () => {} }).check();
  expect(loaded).toEqual(['errors', 'whoami']);
});
