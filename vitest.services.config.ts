import { defineConfig } from 'vitest/config';
import { soon } from './test/support/soon.ts';

// Tests beside real services, which need more than Node: each says what it needs and how to get it.
export default defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    environment: 'node',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: soon },
    // Each test starts servers of its own, and some count their time.
    fileParallelism: false,
  },
});
