import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    environment: 'node',
    // Real servers in real processes share the machine with whatever else it does.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
