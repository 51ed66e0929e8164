// The examples of the pages of CoreDNS's plugins are accepted or refused as by CoreDNS 1.14.7, as far as ferrydns has the plugins (record-readmes.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { textSource } from '../../src/server/configuration.ts';
import { Server } from '../../src/server/server.ts';

interface Example {
  readonly page: string;
  readonly corefile: string;
  readonly accepted: boolean;
}

const examples: readonly Example[] = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded/readmes.json'), 'utf8'));

test('there are many', () => {
  expect(examples.length).toBeGreaterThan(80);
});

test.each(examples.map((example, i) => [`${example.page} ${i}`, example] as const))('%s', async (_, { corefile, accepted }) => {
  const server = new Server({ source: textSource(corefile.replaceAll('{{PORT}}', '15353'), 'Corefile'), registry, output: () => {} });
  const outcome = await server.check().then(
    () => 'accepted',
    (error: unknown) => `refused: ${(error as Error).message}`,
  );
  expect(outcome).toMatch(accepted ? /^accepted$/ : /^refused: /);
});
