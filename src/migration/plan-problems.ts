// What is wrong with a plan: every problem at once, each with the path of the field it is about.
import { isIP } from 'node:net';
import { canonicalAddress } from '../dns/address.ts';
import { maxTtl } from '../dns/codes.ts';
import { isTargetChecked, type Plan, type Target } from './plan.ts';

/** An error refuses the plan, a warning is told. `field` is its path: `names[0].from[1]`, `transition_ttl`. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly field: string;
  readonly message: string;
}

/** Judges a plan. */
export function problemsOf(plan: Plan): readonly Problem[] {
  return [...namesProblems(plan), ...timeProblems(plan), ...steeringProblems(plan), ...safetyProblems(plan)];
}

function namesProblems({ name: planName, names }: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  if (planName === '') problems.push(error('name', 'empty name of a plan'));
  if (names.length === 0) problems.push(error('names', 'no name, expected at least one'));
  for (const [i, moved] of names.entries()) {
    const field = `names[${i}]`;
    if (names.findIndex(({ name }) => name === moved.name) !== i) problems.push(error(field, `${moved.name} is named twice`));
    const old = new Set(moved.from.map(identityOf));
    problems.push(...sideProblems(moved.from, { field: `${field}.from`, names, taken: new Set() }));
    problems.push(...sideProblems(moved.to, { field: `${field}.to`, names, taken: old }));
  }
  return problems;
}

interface Side {
  readonly field: string;
  readonly names: Plan['names'];
  /** The targets of the other side. */
  readonly taken: ReadonlySet<string>;
}

function sideProblems(targets: readonly Target[], { field, names, taken }: Side): readonly Problem[] {
  const problems: Problem[] = [];
  if (targets.length === 0) problems.push(error(field, 'nothing to answer, expected addresses, a pool, a service or a name'));
  if (targets.length > 1 && targets.some((target) => target.kind !== 'address'))
    problems.push(error(field, 'several targets, expected addresses only, or one pool, one service or one name'));
  const identities = targets.map(identityOf);
  for (const [i, target] of targets.entries()) {
    const at = `${field}[${i}]`;
    const identity = identityOf(target);
    if (target.kind === 'address' && isIP(target.address) === 0) problems.push(error(at, `${target.address} is not an address`));
    if (target.kind === 'name' && names.some(({ name }) => name === target.name))
      problems.push(error(at, `${target.name} is moved by this plan, so it cannot be its own target`));
    if (identities.indexOf(identity) !== i) problems.push(error(at, `${identity} stands here twice`));
    if (taken.has(identity)) problems.push(error(at, `${identity} stands in from and in to`));
  }
  return problems;
}

function timeProblems(plan: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  const ttl = (field: string, value: number) => {
    if (!Number.isInteger(value) || value < 1 || value > maxTtl)
      problems.push(error(field, `${value} seconds, expected a whole number from 1 to ${maxTtl}`));
  };
  if (plan.ttl !== null) ttl('ttl', plan.ttl);
  ttl('transition_ttl', plan.transitionTtl);
  if (plan.ttl !== null && plan.transitionTtl > plan.ttl)
    problems.push(warning('transition_ttl', `${plan.transitionTtl} seconds are more than the ttl of ${plan.ttl}`));
  const atLeast = (field: string, value: number, least: number) => {
    if (!Number.isFinite(value) || value < least) problems.push(error(field, `${value} seconds, expected at least ${least}`));
  };
  atLeast('slack', plan.slack, 0);
  atLeast('skew', plan.skew, 0);
  atLeast('hold', plan.hold, 0);
  atLeast('pace', plan.pace, 0);
  atLeast('rollback_after', plan.rollbackAfter, 0);
  atLeast('session', plan.session, 1);
  if (plan.store !== 'journal') atLeast('session', plan.session, 3 * plan.skew);
  atLeast('countdown', plan.countdown, plan.transitionTtl);
  for (const [i, cache] of plan.caches.entries()) atLeast(`caches[${i}]`, cache.seconds, 0);
  if (plan.slack < 3)
    problems.push(warning('slack', `${plan.slack} s of slack are little: a reply may be on its way for 2 s, and caches round by 1 s`));
  return problems;
}

function steeringProblems(plan: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  const percent = (field: string, value: number) => {
    if (!(value >= 0 && value <= 100)) problems.push(error(field, `${value}%, expected 0 to 100`));
  };
  if (plan.weight !== null) percent('weight', plan.weight);
  for (const [i, share] of plan.canary.entries()) {
    percent(`canary[${i}]`, share);
    const before = plan.canary[i - 1];
    if (before !== undefined && share <= before)
      problems.push(error(`canary[${i}]`, `${share}% after ${before}%, expected more: who has seen B stays there`));
  }
  if (plan.weight !== null && plan.canary.length > 0) problems.push(error('canary', 'canary beside weight, expected one of them'));
  if (plan.role === 'new' && plan.canary.length > 0) problems.push(error('canary', 'role new answers B alone, expected no canary'));
  return plan.mode === 'exclusive' ? [...problems, ...exclusiveProblems(plan)] : problems;
}

function exclusiveProblems(plan: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  if (plan.weight !== null) problems.push(error('weight', 'an exclusive plan never answers both, expected no weight'));
  if (plan.canary.length > 0) problems.push(error('canary', 'an exclusive plan never answers both, expected no canary'));
  if (plan.role !== 'shared')
    problems.push(error('role', `role ${plan.role} in an exclusive plan, expected shared: DNS A and DNS B answer differently`));
  return problems;
}

function safetyProblems(plan: Plan): readonly Problem[] {
  const problems: Problem[] = [];
  const checked = isTargetChecked(plan);
  if (plan.role === 'new' && !checked) problems.push(error('role', 'role new without a check of to: it could not tell when to answer A again'));
  if (plan.rollback === 'auto' && !checked)
    problems.push(error('rollback', 'rollback auto without a check of to: it could not tell when to go back'));
  if (plan.mode === 'exclusive' && plan.fence === null)
    problems.push(
      warning(
        'mode',
        'exclusive without a fence: B is answered only when the last lease on A is over, and caches that stretch TTLs may still lead to A',
      ),
    );
  if (plan.mode === 'blend' && plan.fence !== null) problems.push(warning('fence', 'a blend plan never runs its fence'));
  for (const [i, gate] of plan.gates.entries()) {
    if (plan.gates.findIndex((other) => other.label === gate.label) !== i) problems.push(error(`gate[${i}]`, `two gates are called ${gate.label}`));
  }
  return problems;
}

/** Equal for two spellings of one target. */
function identityOf(target: Target): string {
  if (target.kind === 'name') return target.name;
  if (target.kind === 'pool') return `pool ${target.pool}`;
  if (target.kind === 'service') return target.service;
  return canonicalAddress(target.address.split('%')[0] ?? '');
}

function error(field: string, message: string): Problem {
  return { severity: 'error', field, message };
}

function warning(field: string, message: string): Problem {
  return { severity: 'warning', field, message };
}
