// The HTTP door to the plans of this server: what they are, and what an operator asks of them.
import type { HttpRequest, HttpResponse, StartContext } from 'ferrydns/plugin';
import type { Runner, Verdict } from './runner.ts';
import type { Status } from './status.ts';

const verbs = ['start', 'advance', 'pause', 'resume', 'rollback'] as const;
type Verb = (typeof verbs)[number];

/** Milliseconds that a command may take to become durable until its asker is told that it has not yet. */
const patience = 5000;

/** A plan as the door needs it. */
export interface Told {
  readonly name: string;
  readonly runner: Runner;
  status(): Status;
}

/** Opens the paths of one plan, and the list of all. */
export function openDoor(context: StartContext, address: string, { told, all }: { readonly told: Told; readonly all: () => readonly Told[] }): void {
  const path = `/migrations/${encodeURIComponent(told.name)}`;
  context.serve(address, '/migrations', (request) =>
    guarded(request, 'GET', () =>
      json(
        200,
        all().map((each) => each.status()),
      ),
    ),
  );
  context.serve(address, path, (request) => guarded(request, 'GET', () => json(200, told.status())));
  for (const verb of verbs) context.serve(address, `${path}/${verb}`, (request) => guarded(request, 'POST', () => carryOut(told, verb, request)));
}

async function carryOut(told: Told, verb: Verb, request: HttpRequest): Promise<HttpResponse> {
  const order = readOrder(request);
  if (typeof order === 'string') return json(400, { ok: false, reason: order });
  const by = `${order.by} from ${request.from}`;
  const late = new Promise<Verdict>((resolve) => {
    setTimeout(resolve, patience, { ok: false, reason: 'not written to the journal yet: look at the status' }).unref();
  });
  const { ok, reason } = await Promise.race([told.runner.command(verb, { ...order, by }), late]);
  return json(ok ? 200 : 409, { ok, reason, status: told.status() });
}

/** A page in a browser on this machine must not be able to ask, so neither a name nor a simple content type will do. */
async function guarded(request: HttpRequest, method: 'GET' | 'POST', respond: () => HttpResponse | Promise<HttpResponse>): Promise<HttpResponse> {
  const host = (request.headers['host'] ?? '').replace(/:\d+$/, '');
  if (!/^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(host))
    return json(403, { ok: false, reason: `host '${host}' is not this machine` });
  if (request.method !== method && !(method === 'GET' && request.method === 'HEAD')) return json(405, { ok: false, reason: `expected ${method}` });
  if (method === 'POST' && request.headers['content-type']?.split(';')[0]?.trim() !== 'application/json') {
    return json(415, { ok: false, reason: 'expected content type application/json' });
  }
  return respond();
}

interface Order {
  readonly epoch: number;
  readonly by: string;
  readonly force: boolean;
}

/** What the body says, or what is wrong with it. */
function readOrder({ body }: HttpRequest): Order | string {
  const parsed = parse(body);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'expected a JSON object';
  const { epoch, by = 'an operator', force = false, ...more } = parsed as Record<string, unknown>;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) return `unknown field '${unknown}', expected epoch, by or force`;
  if (typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return "no 'epoch', expected the one that was seen";
  if (typeof by !== 'string' || by.length > 200) return "'by' is not a name of at most 200 characters";
  if (typeof force !== 'boolean') return "'force' is neither true nor false";
  return { epoch, by, force };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function json(status: number, body: unknown): HttpResponse {
  return { status, body: `${JSON.stringify(body, null, 2)}\n`, contentType: 'application/json' };
}
