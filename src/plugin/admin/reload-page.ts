// The pages of an admin address that tell of reloads, and load the configuration again.
import { messageOf } from '../../config/error.ts';
import type { Outlook } from '../outlook.ts';
import type { HttpRequest, HttpResponse, StartContext } from '../plugin.ts';
import type { LoadedReload, RefusedReload } from '../reload-guard.ts';
import { answerJson, refuseRequest } from './answer.ts';
import { isOrderName, readOrderFields } from './order.ts';
import type { Role } from './role.ts';
import { blanked } from './secrets.ts';

type Context = Pick<StartContext, 'server'>;

/** The reload that brought what runs. */
export interface LoadedStatus {
  readonly at: string;
  readonly forced: boolean;
  /** What a guard has foreseen of it; null where none has looked. */
  readonly outlook: Outlook | null;
}

export interface ReloadStatus {
  readonly hash: string;
  /** Null since the start. */
  readonly loaded: LoadedStatus | null;
  /** The last one that was refused since; with an outlook where a guard has refused it. */
  readonly refused: { readonly at: string; readonly reason: string; readonly outlook: Outlook | null } | null;
}

/** `GET /reload`: which configuration runs, the reload that brought it, and the last one that was refused since. A reason shows lines: who may only read sees no credentials there. */
export function reloadPage({ server }: Context, role: Role | undefined): HttpResponse {
  const { loaded, refused } = server.reloads();
  const status: ReloadStatus = {
    hash: server.configurationHash,
    loaded: loaded === undefined ? null : tellLoaded(loaded),
    refused: refused === undefined ? null : tellRefused(refused, role !== 'operator'),
  };
  return answerJson(200, status);
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
    return answerJson(409, { ok: false, reason: messageOf(error), outlook: server.reloads().refused?.outlook ?? null });
  }
}

/** Without the texts of files. */
export function tellLoaded({ at, forced, outlook }: LoadedReload): LoadedStatus {
  return { at: new Date(at).toISOString(), forced, outlook: outlook ?? null };
}

function tellRefused({ at, reason, outlook }: RefusedReload, secret: boolean) {
  return { at: new Date(at).toISOString(), reason: secret ? blanked(reason) : reason, outlook: outlook ?? null };
}
