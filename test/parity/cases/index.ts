// All parity cases by topic; a topic is one file of the recording.
import type { ParityCase } from '../case.ts';
import { cases as cache } from './cache.ts';
import { cases as cluster } from './cluster.ts';
import { cases as combinations } from './combinations.ts';
import { cases as core } from './core.ts';
import { cases as everyday } from './everyday.ts';
import { cases as forward } from './forward.ts';
import { cases as hosts } from './hosts.ts';
import { cases as kubernetes } from './kubernetes.ts';
import { cases as language } from './language.ts';
import { cases as loadbalance } from './loadbalance.ts';
import { cases as loads } from './loads.ts';
import { cases as local } from './local.ts';
import { cases as migration } from './migration.ts';
import { cases as observing } from './observing.ts';
import { cases as refresh } from './refresh.ts';
import { cases as rewrite } from './rewrite.ts';
import { cases as settings } from './settings.ts';
import { cases as templates } from './templates.ts';
import { cases as upstreams } from './upstreams.ts';
import { cases as views } from './views.ts';
import { cases as whoami } from './whoami.ts';

export const topics: Readonly<Record<string, readonly ParityCase[]>> = {
  whoami,
  core,
  language,
  loads,
  settings,
  observing,
  hosts,
  rewrite,
  cache,
  refresh,
  loadbalance,
  forward,
  upstreams,
  local,
  migration,
  cluster,
  kubernetes,
  combinations,
  views,
  everyday,
  templates,
};
