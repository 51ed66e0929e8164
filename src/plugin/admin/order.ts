// What the body of an order says, and who gives it.
import type { HttpRequest } from '../plugin.ts';

/** The fields of an order, a JSON object that has no others than `known`; or what is wrong with it. */
export function readOrderFields(body: string, known: readonly string[]): Readonly<Record<string, unknown>> | string {
  const fields = readObject(body);
  if (fields === undefined) return 'expected a JSON object';
  const unknown = Object.keys(fields).find((field) => !known.includes(field));
  if (unknown === undefined) return fields;
  const others = known.slice(0, -1).join(', ');
  return `unknown field '${unknown}', expected ${others}${others === '' ? '' : ' or '}${known.at(-1)}`;
}

/** Whether a field can be the name of somebody or something. A control character would make another line of a log of it, or steer a terminal. */
export function isOrderName(found: unknown): found is string {
  return typeof found === 'string' && found.length <= 200 && /^\P{Cc}+$/u.test(found);
}

/** Who asks, for journal and log: the name given as `by` or in the client's certificate, and the address. */
export function askerOf({ client, from }: HttpRequest, by: string | undefined): string {
  return `${by ?? client ?? 'an operator'} from ${client === undefined ? from : `${client} at ${from}`}`;
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
