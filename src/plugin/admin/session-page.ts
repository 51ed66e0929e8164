// `/session` of a console: a token is shown once, and a cookie that no script can read stands for it from then on.
import type { HttpRequest, HttpResponse } from '../plugin.ts';
import type { AdminAccess } from './access.ts';
import { adminHeaders, answerJson, refuseRequest } from './answer.ts';
import { digest } from './digest.ts';
import type { Door } from './door.ts';
import { readOrderFields } from './order.ts';
import type { PageOfAll } from './pages.ts';
import type { Sessions } from './sessions.ts';

/** Told of what came of a login. */
export type LoginObserver = (outcome: 'accepted' | 'refused' | 'too_many') => void;

export interface SessionContext {
  readonly access: AdminAccess;
  readonly door: Door;
  readonly sessions: Sessions;
  readonly observe: LoginObserver;
}

/** The page of a method; undefined for a method that is not for it. */
export function sessionPage(method: string, context: SessionContext): PageOfAll | undefined {
  if (method === 'GET' || method === 'HEAD') return { method: 'GET', for: 'everybody', all: (request) => tell(request, context) };
  if (method === 'POST') return { method: 'POST', for: 'everybody', all: (request) => begin(request, context) };
  if (method === 'DELETE') return { method: 'DELETE', for: 'everybody', all: (request) => end(request, context) };
  return undefined;
}

/** What whoever asks may do, and what is asked for. */
function tell(request: HttpRequest, { access, door }: SessionContext): HttpResponse {
  const { role = null } = door.visitor(request);
  return answerJson(200, { role, tokenNeeded: access.token !== undefined, by: request.client ?? null });
}

async function begin(request: HttpRequest, context: SessionContext): Promise<HttpResponse> {
  const { access, door, sessions, observe } = context;
  const fields = readOrderFields(request.body, ['token']);
  if (typeof fields === 'string') return refuseRequest(400, fields);
  if (access.token === undefined) return tell(request, context);
  const { token } = fields;
  if (typeof token !== 'string') return refuseRequest(400, "no 'token', expected the one of this server");
  if (sessions.crowded) {
    observe('too_many');
    return { ...refuseRequest(429, 'too many wrong tokens are being shown'), headers: { ...adminHeaders, 'retry-after': '1' } };
  }
  const shown = digest(token);
  const role = door.roleOf(shown);
  if (role === undefined) {
    observe('refused');
    await sessions.delay();
    return refuseRequest(401, 'this is not the token of this server');
  }
  observe('accepted');
  const told = answerJson(200, { role, tokenNeeded: true, by: request.client ?? null });
  return { ...told, headers: { ...adminHeaders, 'set-cookie': cookie(sessions.begin(shown), context) } };
}

function end(request: HttpRequest, context: SessionContext): HttpResponse {
  const { door, sessions, access } = context;
  const id = door.cookieIn(request.headers['cookie']);
  if (id !== undefined) sessions.end(id);
  const told = tell({ ...request, headers: { ...request.headers, cookie: undefined } }, context);
  return access.token === undefined ? told : { ...told, headers: { ...adminHeaders, 'set-cookie': `${cookie('', context)}; Max-Age=0` } };
}

function cookie(value: string, { access, door }: SessionContext): string {
  return `${door.cookie}=${value}; Path=/; HttpOnly; SameSite=Strict${access.tls === undefined ? '' : '; Secure'}`;
}
