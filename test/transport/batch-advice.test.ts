// What the start line advises where UDP in batches is missing.
import { expect, test } from 'vitest';
import { batchAdvice } from '../../src/transport/batch/advice.ts';

const linux = { platform: 'linux', arch: 'x64' } as const;
const permission = { has: () => false, drop: () => {} };

test.each([
  ['a Node without node:ffi', { ...linux, allowedNodeEnvironmentFlags: new Set<string>() }, ' (UDP batch is faster: start Node 26 or later)'],
  [
    'a Node where it is off',
    { ...linux, allowedNodeEnvironmentFlags: new Set(['--experimental-ffi']) },
    ' (UDP batch is faster: start Node with --experimental-ffi)',
  ],
  [
    'permissions',
    { ...linux, allowedNodeEnvironmentFlags: new Set(['--experimental-ffi']), permission },
    ' (UDP batch is faster: start Node with --experimental-ffi --allow-ffi)',
  ],
  ['another system', { platform: 'darwin', arch: 'arm64', allowedNodeEnvironmentFlags: new Set<string>() } as const, ''],
])('%s', (_name, surroundings, advice) => {
  expect(batchAdvice(surroundings)).toBe(advice);
});
