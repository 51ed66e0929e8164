// The plan from B back to A, for when a rollback is refused: as a plan file, to be read and completed by a person.
import { formatDuration } from '../config/duration.ts';
import { describeTarget, isTargetChecked, type Plan, planOf, type Target } from '../migration/plan.ts';
import type { Move, StorePlace } from './move.ts';

const turned = { from: 'to', to: 'from' } as const;
const roles = { old: 'new', new: 'old', shared: 'shared' } as const;
const defaultFenceTimeout = 60;

/**
 * Checks change sides, and everything else is as it was. The fence shuts A and gates are about B, so both are left to be written anew; what the reverse
 * cannot have is left as a comment.
 */
export function reversedPlanFile(move: Move): string {
  const { plan, checks } = move;
  const back = reversed(plan);
  return [
    `plan: ${quoted(back.name)}`,
    `continues: ${quoted(move.record)}`,
    'names:',
    ...back.names.map(({ name, from, to }) => `  ${quoted(name)}: { from: ${targets(from)}, to: ${targets(to)} }`),
    `role: ${back.role}`,
    `mode: ${back.mode}`,
    ...(plan.ttl === null ? [] : [`ttl: ${plan.ttl}`]),
    `transition_ttl: ${plan.transitionTtl}`,
    `slack: ${seconds(plan.slack)}`,
    `hold: ${seconds(plan.hold)}`,
    ...(plan.caches.length === 0 ? [] : [`caches: ${list(plan.caches.flatMap(({ kind, seconds: length }) => [kind, seconds(length)]))}`]),
    ...steeringLines(back),
    ...storeLines(move.store),
    ...otherLines(back),
    ...(checks.length === 0 ? [] : ['check:', ...checks.map((check) => `  - ${list(checkWords(check, plan))}`)]),
    ...(back.role === 'new' && !isTargetChecked(back) ? ['# check: [to, CHECK]   # role new wants one, to tell when to answer B again'] : []),
    ...plan.gates.map(({ label }) => `# gate of the plan that is reversed: ${label.replace(/\s+/g, ' ')}`),
    ...(plan.fence === null ? [] : ['# fence: [exec, COMMAND]   # what shuts B, before the first answer with A']),
  ].join('\n');
}

function reversed(plan: Plan): Plan {
  return {
    ...plan,
    name: `${plan.name}-reverse`,
    names: plan.names.map(({ name, from, to }) => ({ name, from: to, to: from })),
    role: roles[plan.role],
    checks: plan.checks.map((check) => ({ ...check, side: turned[check.side] })),
  };
}

function steeringLines({ weight, canary, role }: Plan): readonly string[] {
  const steps = `canary: ${list(canary.map(String))}`;
  return [
    ...(weight === null ? [] : [`weight: ${weight}`]),
    ...(canary.length === 0 ? [] : [role === 'new' ? `# ${steps}   # role new answers its B alone` : steps]),
  ];
}

function storeLines(store: StorePlace): readonly string[] {
  if (store.kind === 'journal') return [];
  if (store.kind === 'etcd') return [`store: ${list(['etcd', ...store.endpoints])}`];
  return [`store: ${list(['configmap', store.namespace === null ? store.name : `${store.namespace}/${store.name}`])}`];
}

/** What has another value than it would have unless given. */
function otherLines(back: Plan): readonly string[] {
  const usual = planOf({ name: back.name, names: back.names, transitionTtl: back.transitionTtl });
  const checked = isTargetChecked(back);
  const time = (option: string, field: 'session' | 'skew' | 'countdown' | 'pace' | 'rollbackAfter') =>
    back[field] === usual[field] ? [] : [`${option}: ${seconds(back[field])}`];
  return [
    ...time('session', 'session'),
    ...time('skew', 'skew'),
    ...(back.advance === usual.advance ? [] : [`advance: ${back.advance}`]),
    ...time('pace', 'pace'),
    ...time('countdown', 'countdown'),
    ...(back.rollback === usual.rollback ? [] : [checked ? `rollback: ${back.rollback}` : '# rollback: auto   # wants a check of to']),
    ...time('rollback_after', 'rollbackAfter'),
    ...(back.handback ? ['handback: on'] : []),
    ...(back.handbackAnswers === usual.handbackAnswers ? [] : [`handback_answers: ${back.handbackAnswers}`]),
    ...(back.fence === null || back.fence.timeout === defaultFenceTimeout ? [] : [`fence_timeout: ${seconds(back.fence.timeout)}`]),
  ];
}

function checkWords({ side, spec: { probe, pace } }: Move['checks'][number], plan: Plan): string[] {
  const words: string[] = [turned[side], probe.kind];
  if (probe.kind === 'http') {
    const isUsual = probe.host === plan.names[0]?.name.replace(/\.$/, '');
    words.push(isUsual ? `:${probe.port}${probe.path}` : `http://${probe.host}${probe.path}`);
    if (probe.status !== undefined) words.push(String(probe.status));
  } else if (probe.kind === 'dns') words.push(probe.name, probe.type, 'port', String(probe.port));
  else words.push(String(probe.port));
  for (const option of ['interval', 'timeout', 'dwell'] as const) words.push(option, formatDuration(pace[option]));
  return [...words, 'fall', String(pace.fall), 'rise', String(pace.rise)];
}

function targets(all: readonly Target[]): string {
  return list(all.flatMap((target) => (target.kind === 'pool' ? ['pool', target.pool] : [describeTarget(target)])));
}

function list(words: readonly string[]): string {
  return `[${words.map(quoted).join(', ')}]`;
}

function seconds(length: number): string {
  return formatDuration(length * 1000);
}

/** As YAML reads it as this word: not as true, nothing, or an alias. */
function quoted(word: string): string {
  return /^[a-z\d][\w.-]*$/i.test(word) && !/^null$/i.test(word) ? word : JSON.stringify(word);
}
