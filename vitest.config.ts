import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { soon } from './test/support/soon.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Those need programs that Node does not bring: `npm run test:services`, `npm run test:kubernetes` and `npm run test:browser`.
    exclude: ['test/services/**', 'test/kubernetes/**', 'test/browser/**', '**/node_modules/**'],
    environment: 'node',
    // Many tests wait for real servers more than they work.
    maxWorkers: Math.max(4, availableParallelism()),
    // Real servers in real processes share the machine with whatever else it does: being late is no failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: soon },
  },
});
