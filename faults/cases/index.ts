// All faults, in the order of the report.
import type { Fault } from '../fault.ts';
import { brokenConfiguration } from './broken-configuration.ts';
import { clock } from './clock.ts';
import { descriptors } from './descriptors.ts';
import { diskFull } from './disk-full.ts';
import { idleConnections } from './idle-connections.ts';
import { kernelErrors } from './kernel-errors.ts';
import { kill } from './kill.ts';
import { memory } from './memory.ts';
import { nothing } from './nothing.ts';
import { overload } from './overload.ts';
import { packetLoss } from './packet-loss.ts';
import { reload } from './reload.ts';
import { stale } from './stale.ts';
import { starved } from './starved.ts';
import { stop } from './stop.ts';
import { upstreamFlapping } from './upstream-flapping.ts';
import { upstreamKilled } from './upstream-killed.ts';
import { upstreamLying } from './upstream-lying.ts';
import { upstreamSilent } from './upstream-silent.ts';
import { upstreamSlow } from './upstream-slow.ts';
import { upstreamsSilent } from './upstreams-silent.ts';

export const faults: readonly Fault[] = [
  nothing,
  upstreamSilent,
  upstreamKilled,
  upstreamFlapping,
  packetLoss,
  ...upstreamSlow,
  upstreamsSilent,
  stale,
  upstreamLying,
  ...overload,
  ...starved,
  memory,
  ...descriptors,
  ...kernelErrors,
  diskFull,
  idleConnections,
  clock,
  stop,
  kill,
  ...reload,
  brokenConfiguration,
];
