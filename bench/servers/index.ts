// The servers that can be driven, in the order of the report.
import { coredns } from './coredns.ts';
import { dnsdist } from './dnsdist.ts';
import { dnsmasq } from './dnsmasq.ts';
import { ferrydns } from './ferrydns.ts';
import { floor } from './floor.ts';
import type { BenchServer } from './server.ts';
import { unbound } from './unbound.ts';

/** What `npm run bench` drives. */
export const servers: readonly BenchServer[] = [ferrydns, coredns];

/** What `npm run bench:peers` drives. */
export const peers: readonly BenchServer[] = [ferrydns, coredns, unbound, dnsmasq, dnsdist, floor];

/** The server that the ratios are of. */
export const SUBJECT = ferrydns.name;

/** The server that the ratios are against. */
export const BASELINE = coredns.name;
