// The servers that can be driven, in the order of the report.
import { coredns } from './coredns.ts';
import { ferrydns } from './ferrydns.ts';
import type { BenchServer } from './server.ts';

export const servers: readonly BenchServer[] = [ferrydns, coredns];

/** The server that the ratios are against. */
export const BASELINE = coredns.name;
