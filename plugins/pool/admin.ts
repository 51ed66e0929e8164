// The pools of this server at an admin address: how they stand, and how an operator gives the answer back to the members that come first. `docs/admin-api.yaml` describes it.
import type { PoolStatus } from 'ferrydns/built-in';
import { type AdminCollection, answerJson, askerOf, isOrderName, readOrderFields, refuseRequest } from 'ferrydns/built-in/admin';
import { type HttpRequest, type HttpResponse, parseName } from 'ferrydns/plugin';

/** What came of an order. */
export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

/** A pool as those who ask for it need it. */
export interface AdminPool {
  status(): PoolStatus;
  /** Gives the answer back to the members that come first; `by` is who wants that. */
  giveBack(by: string): Verdict;
}

export const pools: AdminCollection<AdminPool> = {
  path: '/pools',
  kind: 'pool',
  once: true,
  nameOf: readPart,
  pages: (members) => ({
    '/pools': { method: 'GET', all: () => answerJson(200, statuses(members)) },
    '/pools/{pool}': { method: 'GET', one: (pool) => answerJson(200, pool.status()) },
    '/pools/{pool}/failback': { method: 'POST', one: failBack },
  }),
};

function statuses(members: ReadonlyMap<string, AdminPool>): readonly PoolStatus[] {
  return [...members.values()].map((pool) => pool.status());
}

function failBack(pool: AdminPool, request: HttpRequest): HttpResponse {
  const fields = readOrderFields(request.body, ['by']);
  if (typeof fields === 'string') return refuseRequest(400, fields);
  const { by } = fields;
  if (by !== undefined && !isOrderName(by))
    return refuseRequest(400, "'by' is not a name of at most 200 characters, none of them a control character");
  const { ok, reason } = pool.giveBack(askerOf(request, by));
  return answerJson(ok ? 200 : 409, { ok, reason, status: pool.status() });
}

/** A name may be written in any letter case, and without the dot at its end. */
function readPart(part: string): string {
  try {
    return parseName(decodeURIComponent(part));
  } catch {
    return part;
  }
}
