// Whether a gate of a plan holds, looked at once.
import type { migration } from 'ferrydns/plugin';
import { execute } from '../run/execute.ts';

/** Milliseconds that a look may take. */
const patience = 4000;

/** A command holds with exit status 0, a URL with a success, a Prometheus query when it has a value and each of its values compares so. */
export async function gateHolds(gate: migration.Gate, plan: string): Promise<boolean> {
  if (gate.kind === 'exec') return (await execute(gate.command, { seconds: patience / 1000, env: { FERRYDNS_PLAN: plan } })).ok;
  try {
    if (gate.kind === 'prometheus') return await comparesSo(gate);
    const response = await fetch(gate.url, { signal: AbortSignal.timeout(patience), redirect: 'manual' });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

type PrometheusGate = Extract<migration.Gate, { readonly kind: 'prometheus' }>;

async function comparesSo({ url, query, compare, value }: PrometheusGate): Promise<boolean> {
  const asked = new URL(`${url.replace(/\/$/, '')}/api/v1/query`);
  asked.searchParams.set('query', query);
  const response = await fetch(asked, { signal: AbortSignal.timeout(patience) });
  const found = valuesOf(await response.json());
  return found.length > 0 && found.every((each) => comparisons[compare](each, value));
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
