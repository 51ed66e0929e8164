// Asks the server. Nothing but JSON comes back, and a refusal has a reason.
import { noteHeard, noteLost, noteStranger } from './connection.ts';

/** Why the server did not do what was asked; `status` 0: it was not heard at all. */
export class Failure extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Milliseconds until the server counts as not heard. */
const patience = 15_000;

/** GET; rejects with a {@link Failure}. */
export async function get<T>(path: string): Promise<T> {
  const { status, body } = await ask(path, { method: 'GET' });
  if (status !== 200) throw failureOf(status, body);
  return body as T;
}

/** POST of JSON; rejects with a {@link Failure}, also when the server refuses. */
export async function post<T>(path: string, order: unknown): Promise<T> {
  const { status, body } = await ask(path, { method: 'POST', body: JSON.stringify(order), headers: { 'content-type': 'application/json' } });
  if (status < 200 || status > 299) throw failureOf(status, body);
  return body as T;
}

export async function remove(path: string): Promise<void> {
  const { status, body } = await ask(path, { method: 'DELETE' });
  if (status < 200 || status > 299) throw failureOf(status, body);
}

/** A failure in the words of the server, where it has some. */
export function failureOf(status: number, body: unknown): Failure {
  const said = typeof body === 'object' && body !== null && 'reason' in body ? String(body.reason) : '';
  return new Failure(status, said === '' ? `the server answered with status ${status}` : said);
}

async function ask(path: string, init: RequestInit): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(patience) });
    const text = await response.text();
    noteHeard();
    if (response.status === 401 && path !== '/session') noteStranger();
    return { status: response.status, body: parsed(text) };
  } catch (error) {
    noteLost(reasonOf(error));
    throw new Failure(0, 'the server is not heard');
  }
}

/** What browsers say of a lost connection is for developers. */
export function reasonOf(error: unknown): string {
  return error instanceof DOMException && error.name === 'TimeoutError' ? 'it does not answer in time' : 'it cannot be reached';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
