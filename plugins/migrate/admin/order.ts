// What an operator wants done with a plan: read from a request, given to the plan, answered with how it stands then.
import { answerJson, askerOf, isOrderName, readOrderFields, refuseRequest } from 'ferrydns/built-in/admin';
import type { HttpRequest, HttpResponse } from 'ferrydns/plugin';
import type { Order } from '../runner/effects.ts';
import type { Verdict } from '../runner/verdicts.ts';
import type { AdminPlan } from './admin-plan.ts';

export const verbs = ['start', 'advance', 'pause', 'resume', 'rollback', 'forget'] as const;
type Verb = (typeof verbs)[number];

/** Milliseconds that a command may take to become durable until its asker is told that it has not yet. */
const patience = 5000;

export async function carryOut(verb: Verb, plan: AdminPlan, request: HttpRequest): Promise<HttpResponse> {
  const order = readOrder(request.body, verb);
  if (typeof order === 'string') return refuseRequest(400, order);
  const by = askerOf(request, order.by);
  const late = new Promise<Verdict>((resolve) => {
    setTimeout(resolve, patience, { ok: false, reason: 'not durable yet: look at the status' }).unref();
  });
  const { ok, reason } = await Promise.race([plan.runner.command(verb, { ...order, by }), late]);
  return answerJson(ok ? 200 : 409, { ok, reason, status: plan.status() });
}

/** What only orders of this kind have. */
const ownFields: Readonly<Partial<Record<Verb, readonly string[]>>> = { forget: ['replica'], rollback: ['a_is_open'] };

function isCount(found: unknown): found is number {
  return typeof found === 'number' && Number.isSafeInteger(found) && found >= 1;
}

/** An order that may not say who wants it. */
type Unsigned = Omit<Order, 'by'> & Partial<Pick<Order, 'by'>>;

/** What the body says, or what is wrong with it. */
function readOrder(body: string, verb: Verb): Unsigned | string {
  const fields = readOrderFields(body, ['epoch', 'by', 'force', ...(ownFields[verb] ?? [])]);
  if (typeof fields === 'string') return fields;
  const { epoch, by, force = false, replica, a_is_open: aIsOpen } = fields;
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return "no 'epoch', expected the one that was seen";
  if (by !== undefined && !isOrderName(by)) return "'by' is not a name of at most 200 characters, none of them a control character";
  if (typeof force !== 'boolean') return "'force' is neither true nor false";
  if (verb === 'forget' && !isOrderName(replica)) return "no 'replica', expected the name of the one that is gone for good";
  if (aIsOpen !== undefined && !isCount(aIsOpen))
    return "'a_is_open' is not the attempt of the fence after which A was seen open, expected a number from 1";
  return { epoch, force, ...(isCount(aIsOpen) ? { aIsOpen } : {}), ...(isOrderName(by) ? { by } : {}), ...(isOrderName(replica) ? { replica } : {}) };
}
