// node missing.ts PROGRAM…: prints those that are not installed, for .ci/run. CoreDNS may be named by COREDNS.
import { findProgram } from './needs.ts';

const isThere = (program: string) => findProgram(program) !== undefined || (program === 'coredns' && process.env['COREDNS'] !== undefined);
const missing = process.argv.slice(2).filter((program) => !isThere(program));
process.stdout.write(missing.join(', '));
