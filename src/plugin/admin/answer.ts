// The answers of an admin address: JSON, of this moment.
import type { HttpResponse } from '../plugin.ts';

/** Answers are of this moment, so no cache may keep them; pages from elsewhere may not read, show or frame them; nothing in them is run. */
export const adminHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** An answer whose body is this value as JSON, not to be cached. */
export function answerJson(status: number, body: unknown): HttpResponse {
  return { status, body: `${JSON.stringify(body, null, 2)}\n`, contentType: 'application/json', headers: adminHeaders };
}

/** An answer that says with a reason why nothing was done. */
export function refuseRequest(status: number, reason: string): HttpResponse {
  return answerJson(status, { ok: false, reason });
}
