import { defineConfig } from 'vitest/config';
import { soon } from './test/support/soon.ts';

// The page of the console in a real browser, which has to be installed: test/browser/setup.ts says how.
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['test/browser/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: soon },
    // One browser draws for all.
    fileParallelism: false,
  },
});
