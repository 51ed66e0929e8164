// The plan from B back to A, for when a rollback is refused: as a plan file, to be read and completed by a person.
import { formatDuration } from '../config/duration.ts';
import type { Target } from '../migration/plan.ts';
import type { Move } from './move.ts';

const turned = { from: 'to', to: 'from' } as const;
const roles = { old: 'new', new: 'old', shared: 'shared' } as const;

/** Checks change sides. The fence shuts A and gates are about B, so both are left to be written anew. */
export function reversedPlanFile({ plan, checks }: Move): string {
  const lines = [`plan: ${plan.name}-reverse`, 'names:'];
  for (const { name, from, to } of plan.names) lines.push(`  ${quoted(name)}: { from: ${targets(to)}, to: ${targets(from)} }`);
  lines.push(`role: ${roles[plan.role]}`, `mode: ${plan.mode}`);
  if (plan.ttl !== null) lines.push(`ttl: ${plan.ttl}`);
  lines.push(`transition_ttl: ${plan.transitionTtl}`, `slack: ${seconds(plan.slack)}`, `hold: ${seconds(plan.hold)}`);
  if (plan.caches.length > 0)
    lines.push(`caches: [${plan.caches.flatMap(({ kind, seconds: length }) => [quoted(kind), seconds(length)]).join(', ')}]`);
  if (checks.length > 0) lines.push('check:', ...checks.map((check) => `  - [${checkWords(check).join(', ')}]`));
  for (const { label } of plan.gates) lines.push(`# gate of the plan that is reversed: ${label}`);
  if (plan.fence !== null) lines.push('# fence: [exec, COMMAND]   # what shuts B, before the first answer with A');
  return lines.join('\n');
}

function checkWords({ side, spec: { probe, pace } }: Move['checks'][number]): string[] {
  const words: string[] = [turned[side], probe.kind];
  if (probe.kind === 'http') words.push(quoted(`:${probe.port}${probe.path}`), ...(probe.status === undefined ? [] : [String(probe.status)]));
  else if (probe.kind === 'dns') words.push(probe.name, probe.type, 'port', String(probe.port));
  else words.push(String(probe.port));
  for (const option of ['interval', 'timeout', 'dwell'] as const) words.push(option, formatDuration(pace[option]));
  return [...words, 'fall', String(pace.fall), 'rise', String(pace.rise)];
}

function targets(all: readonly Target[]): string {
  return `[${all
    .flatMap((target) => (target.kind === 'pool' ? ['pool', target.pool] : [target.kind === 'name' ? target.name : target.address]))
    .map(quoted)
    .join(', ')}]`;
}

function seconds(length: number): string {
  return formatDuration(length * 1000);
}

function quoted(word: string): string {
  return /^[a-z\d][\w.-]*$/i.test(word) ? word : JSON.stringify(word);
}
