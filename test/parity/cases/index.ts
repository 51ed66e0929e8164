// All parity cases by topic; a topic is one file of the recording.
import type { ParityCase } from '../case.ts';
import { cases as cache } from './cache.ts';
import { cases as core } from './core.ts';
import { cases as forward } from './forward.ts';
import { cases as hosts } from './hosts.ts';
import { cases as loadbalance } from './loadbalance.ts';
import { cases as local } from './local.ts';
import { cases as rewrite } from './rewrite.ts';
import { cases as whoami } from './whoami.ts';

export const topics: Readonly<Record<string, readonly ParityCase[]>> = { whoami, core, hosts, rewrite, cache, loadbalance, forward, local };
