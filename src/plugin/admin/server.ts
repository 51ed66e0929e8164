// The HTTP address of this server for operators: what plugins tell of there, what may be asked of it, and who is let in. `docs/admin-api.yaml` describes it.
import type { Awaitable } from '../awaitable.ts';
import { type Capability, capability } from '../capability.ts';
import type { ExamineContext, HttpRequest, HttpResponse, ServerControl, SetupContext, StartContext } from '../plugin.ts';
import { type AdminAccess, knowsToken, sameAccess } from './access.ts';
import { adminHeaders, refuseRequest } from './answer.ts';
import { type AdminCollection, CollectionPages, type PageOfAll } from './pages.ts';
import { sharedAdminPages } from './shared-pages.ts';

/** Who tells of something at an admin address, for the others to see; `label` is as "plan www". */
export interface AdminUse {
  readonly label: string;
  readonly access: AdminAccess | undefined;
}

/** By this instances find out who else tells of something at their admin address. */
export const adminUse: Capability<AdminUse> = capability('adminUse');

/** Refuses, at the option `admin`, other guards than those of whoever comes first at the address. */
export function examineAdmin(access: AdminAccess | undefined, setup: Pick<SetupContext, 'fail'>, context: Pick<ExamineContext, 'everywhere'>): void {
  const first = context.everywhere(adminUse).find((use) => use.access?.address === access?.address);
  if (access === undefined || first?.access === undefined || sameAccess(first.access, access)) return;
  setup.fail(otherGuards(access, first.label), 'admin');
}

function otherGuards({ address }: AdminAccess, label: string): string {
  return `admin ${address} has other words on tls or token than for ${label}, expected the same`;
}

/** The admin servers of a configuration, which its instances share, by their address. */
const servers = new WeakMap<AbortSignal, Map<string, AdminServer>>();

/**
 * Tells of a member of a collection at an address, for `start` in the primary process. Throws an Error when somebody else wants other guards there, or
 * tells of the name already.
 */
export function openAdmin<T>(
  context: StartContext,
  access: AdminAccess,
  { collection, name, member }: { readonly collection: AdminCollection<T>; readonly name: string; readonly member: T },
): void {
  const server = openAdminServer(context, access, `${collection.kind} ${name}`);
  server.serve(context, server.add(collection, name, member));
}

/** Opens an address where nothing is told of but what is at every address, or joins those who tell of something there; `label` says who opens it. */
export function openAdminServer(context: StartContext, access: AdminAccess, label: string): AdminServer {
  const open = servers.get(context.signal) ?? new Map<string, AdminServer>();
  servers.set(context.signal, open);
  const there = open.get(access.address);
  if (there !== undefined && !sameAccess(there.access, access)) throw new Error(otherGuards(access, there.label));
  const server = there ?? new AdminServer(access, { context, label });
  open.set(access.address, server);
  if (there === undefined) server.serve(context, Object.keys(sharedAdminPages(context)));
  return server;
}

/** The address with its port where the system chose the port: it has to be logged, as it stands in no configuration. Undefined for any other address. */
export function chosenAdminAddress(access: AdminAccess | undefined, control: ServerControl): string | undefined {
  return access?.address.endsWith(':0') === true ? `${access.address.slice(0, -1)}${control.httpPort(access.address)}` : undefined;
}

/** One address of one configuration, and what is told of there. */
class AdminServer {
  readonly access: AdminAccess;
  /** Who came first. */
  readonly label: string;
  private readonly shared: Readonly<Record<string, PageOfAll>>;
  private readonly collections = new Map<string, CollectionPages<unknown>>();

  constructor(access: AdminAccess, { context, label }: { readonly context: StartContext; readonly label: string }) {
    this.access = access;
    this.label = label;
    this.shared = sharedAdminPages(context);
  }

  /** Adds a member and returns the paths that are to be served besides. */
  add<T>(collection: AdminCollection<T>, name: string, member: T): readonly string[] {
    const known = this.collections.get(collection.path);
    // One plugin serves a path, so what is there is of the same collection.
    const pages = (known as CollectionPages<T> | undefined) ?? new CollectionPages(collection);
    if (collection.once === true && pages.members.has(name)) {
      throw new Error(`another ${collection.kind} ${name} is told of at admin ${this.access.address}, expected another address`);
    }
    pages.members.set(name, member);
    if (known !== undefined) return [];
    this.collections.set(collection.path, pages as CollectionPages<unknown>);
    return pages.paths;
  }

  serve(context: StartContext, paths: readonly string[]): void {
    const { tls, address } = this.access;
    for (const path of paths) context.serve(address, path, (request) => this.respond(request), { tls, refuse: refuseRequest });
  }

  respond(request: HttpRequest): Awaitable<HttpResponse> {
    const { pathname } = request.url;
    const [, top] = pathname.split('/');
    const outside = turnAway(request, this.access);
    if (outside !== undefined) return outside;
    const page = this.shared[pathname] ?? this.collections.get(`/${top}`)?.find(pathname);
    if (page === undefined) return refuseRequest(404, `there is nothing at ${pathname}`);
    return misused(request, page) ?? page.all(request);
  }
}

/**
 * What those get who may not come in. A page in a browser of this machine must not be able to ask, so another name of the host will not do, nor what the
 * browser says is for a page from elsewhere, nor a content type that it sends without asking first.
 */
function turnAway({ headers }: HttpRequest, { token, local }: AdminAccess): HttpResponse | undefined {
  if (token !== undefined && !knowsToken(token, headers['authorization'])) {
    return { ...refuseRequest(401, "expected this server's token as bearer token"), headers: { ...adminHeaders, 'www-authenticate': 'Bearer' } };
  }
  if (!local) return undefined;
  const host = (headers['host'] ?? '').replace(/:\d+$/, '');
  if (!/^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/i.test(host)) return refuseRequest(403, `host '${host}' is not this machine`);
  const site = headers['sec-fetch-site'] ?? 'none';
  return site === 'none' || site === 'same-origin' ? undefined : refuseRequest(403, 'asked by a page from elsewhere');
}

function misused({ method, headers }: HttpRequest, page: { readonly method: 'GET' | 'POST' }): HttpResponse | undefined {
  const allowed = page.method === 'GET' ? ['GET', 'HEAD'] : ['POST'];
  if (!allowed.includes(method)) return { ...refuseRequest(405, `expected ${page.method}`), headers: { ...adminHeaders, allow: allowed.join(', ') } };
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return page.method === 'POST' && type !== 'application/json' ? refuseRequest(415, 'expected content type application/json') : undefined;
}
