// The program as it runs in a Pod: with the folder of a service account where every Pod has it, in a mount namespace of its own.
import type { AccountFolder } from './kubernetes.ts';
import { type Program, startProgram } from './program.ts';

const place = '/run/secrets/kubernetes.io/serviceaccount';

/** Resolves when it serves. Needs the right to mount. */
export function startInPod(corefile: string, { folder, environment }: AccountFolder): Promise<Program> {
  const mount = `mount -t tmpfs none /run && mkdir -p ${place} && cp ${folder}/* ${place}/ && exec "$@"`;
  return startProgram({ files: { Corefile: corefile }, env: environment, through: ['unshare', '-m', 'sh', '-c', mount, 'sh'] });
}
