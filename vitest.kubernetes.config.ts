import { defineConfig } from 'vitest/config';
import { soon } from './test/support/soon.ts';

// Tests beside a real API server of Kubernetes and the real CoreDNS: see test/kubernetes/programs.ts for what they need.
export default defineConfig({
  test: {
    include: ['test/kubernetes/**/*.test.ts'],
    environment: 'node',
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: soon },
    fileParallelism: false,
  },
});
