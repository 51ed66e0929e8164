// Whether a gate of a plan holds, looked at once, and why it does not.
import { trustSystemAuthorities } from 'ferrydns/built-in';
import type { migration } from 'ferrydns/built-in/moves';
import { execute } from '../runner/execute.ts';

/** Milliseconds that a look may take. */
const patience = 4000;

export interface Refusal {
  /** One line. */
  readonly reason: string;
  /** What a change of is worth another line in a log: values and what a command prints may change with every look. */
  readonly cause: string;
}

/** Why a gate does not hold; undefined: it does. A command holds with exit status 0, a URL with a success, a Prometheus query when it has a value and each of its values compares so. */
export async function refusalOf(gate: migration.Gate, plan: string, signal: AbortSignal): Promise<Refusal | undefined> {
  if (gate.kind === 'exec') {
    const { outcome, text } = await execute(gate.command, { seconds: patience / 1000, env: { FERRYDNS_PLAN: plan }, signal });
    return outcome === 'done' ? undefined : refusal(text, text.split(':', 1)[0]);
  }
  if (gate.url.startsWith('https:')) trustSystemAuthorities();
  try {
    if (gate.kind === 'prometheus') return await compare(gate);
    const response = await fetch(gate.url, { signal: AbortSignal.timeout(patience), redirect: 'manual' });
    await response.body?.cancel();
    return response.ok ? undefined : refusal(`status ${response.status}, expected a success`);
  } catch (error) {
    return refusal(unanswered(error));
  }
}

const longest = 300;

function refusal(text: string, cause = text): Refusal {
  // What others say stays on its line, and out of the way of terminals.
  return { reason: text.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, longest), cause };
}

/** What stands behind "fetch failed". */
function unanswered(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${patience / 1000} s`;
  const cause = error.cause as { readonly message?: string; readonly code?: string } | undefined;
  return cause?.message || cause?.code || error.message;
}

type PrometheusGate = Extract<migration.Gate, { readonly kind: 'prometheus' }>;

/** Values that are told, at most. */
const told = 3;

async function compare({ url, query, compare: relation, value }: PrometheusGate): Promise<Refusal | undefined> {
  const asked = new URL(`${url.replace(/\/$/, '')}/api/v1/query`);
  asked.searchParams.set('query', query);
  const response = await fetch(asked, { signal: AbortSignal.timeout(patience) });
  const reply: unknown = await response.json().catch((error: unknown) => {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  });
  if (typeof reply !== 'object' || reply === null) return refusal(`status ${response.status} without JSON`);
  if ('error' in reply) return refusal(String(reply.error));
  const found = valuesOf(reply);
  if (found.length === 0) return refusal('no value found');
  const beyond = found.filter((each) => !comparisons[relation](each, value));
  if (beyond.length === 0) return undefined;
  const more = beyond.length > told ? ` and ${beyond.length - told} more` : '';
  return refusal(`found ${beyond.slice(0, told).join(', ')}${more}, expected ${relation} ${value}`, 'found');
}

const comparisons: Readonly<Record<PrometheusGate['compare'], (found: number, limit: number) => boolean>> = {
  '<': (found, limit) => found < limit,
  '<=': (found, limit) => found <= limit,
  '>': (found, limit) => found > limit,
  '>=': (found, limit) => found >= limit,
  '==': (found, limit) => found === limit,
  '!=': (found, limit) => found !== limit,
};

/** The values of an instant query: of a vector one for each series, of a scalar its own. A value that is no number compares with nothing. */
function valuesOf(reply: unknown): readonly number[] {
  const { status, data } = reply as { readonly status?: unknown; readonly data?: { readonly resultType?: unknown; readonly result?: unknown } };
  if (status !== 'success' || !Array.isArray(data?.result)) return [];
  if (data.resultType === 'scalar') return [Number(data.result[1])];
  return data.result.map((series: { readonly value?: readonly unknown[] }) => Number(series.value?.[1] ?? Number.NaN));
}
