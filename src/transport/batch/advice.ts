// What an operator can do to get UDP in batches, where it is missing.

/** Why node:ffi is missing and what brings it, for the start line; empty where nothing does. */
export function batchAdvice({ platform, arch, allowedNodeEnvironmentFlags: flags, permission }: BatchSurroundings): string {
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch)) return '';
  return ` (UDP batch is faster: start Node ${wayToFfi(flags, permission)})`;
}

type BatchSurroundings = Pick<NodeJS.Process, 'platform' | 'arch' | 'allowedNodeEnvironmentFlags'> & {
  readonly permission?: NodeJS.Process['permission'];
};

function wayToFfi(flags: NodeJS.Process['allowedNodeEnvironmentFlags'], permission: NodeJS.Process['permission'] | undefined): string {
  if (!flags.has('--experimental-ffi')) return '26 or later';
  return permission === undefined ? 'with --experimental-ffi' : 'with --experimental-ffi --allow-ffi';
}
