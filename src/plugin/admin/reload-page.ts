// The pages of an admin address that tell of reloads, and load the configuration again.
import { messageOf } from '../../config/error.ts';
import type { HttpRequest, HttpResponse, StartContext } from '../plugin.ts';
import type { RefusedReload } from '../reload-guard.ts';
import { answerJson, refuseRequest } from './answer.ts';
import { isOrderName, readOrderFields } from './order.ts';
import type { Role } from './role.ts';
import { blanked } from './secrets.ts';

type Context = Pick<StartContext, 'server'>;

/** `GET /reload`: which configuration runs, and the last one that was refused since it does. A reason shows lines of it: who may only read sees no credentials there. */
export function reloadPage({ server }: Context, role: Role | undefined): HttpResponse {
  return answerJson(200, { hash: server.configurationHash, refused: told(server.refusedReload(), role !== 'operator') });
}

/** `POST /reload/now`: loads the configuration; with `force` no guard is asked. 409 with the reason where it is refused. */
export async function reloadNow({ server }: Context, { body }: HttpRequest): Promise<HttpResponse> {
  const fields = readOrderFields(body, ['force', 'by']);
  if (typeof fields === 'string') return refuseRequest(400, fields);
  const { force = false, by } = fields;
  if (typeof force !== 'boolean') return refuseRequest(400, "'force' is true or false");
  if (by !== undefined && !isOrderName(by))
    return refuseRequest(400, "'by' is not a name of at most 200 characters, none of them a control character");
  try {
    await server.reload({ force });
    return answerJson(200, { ok: true, reason: 'the configuration is loaded' });
  } catch (error) {
    return answerJson(409, { ok: false, reason: messageOf(error), outlook: server.refusedReload()?.outlook ?? null });
  }
}

function told(refused: RefusedReload | undefined, secret: boolean) {
  if (refused === undefined) return null;
  const { at, reason, outlook = null } = refused;
  return { at: new Date(at).toISOString(), reason: secret ? blanked(reason) : reason, outlook };
}
