// The HTTP door of this server for operators: what plugins tell of there, what may be asked of it, and who is let in. `docs/admin-api.yaml` describes it.
import { readFileSync } from 'node:fs';
import type { Awaitable } from '../awaitable.ts';
import { type Capability, capability } from '../capability.ts';
import type { ExamineContext, HttpRequest, HttpResponse, ServerControl, SetupContext, StartContext } from '../plugin.ts';
import { type AdminAccess, knowsToken, sameAccess } from './access.ts';
import { adminHeaders, refuseRequest } from './answer.ts';
import { explainPage } from './explain-page.ts';

/** What is at a path: about all that are told of at the address, or about the one that the path names. */
export type AdminPage<T> = PageOfAll | PageOfOne<T>;

interface PageOfAll {
  readonly method: 'GET' | 'POST';
  readonly all: (request: HttpRequest) => Awaitable<HttpResponse>;
}

interface PageOfOne<T> {
  readonly method: 'GET' | 'POST';
  readonly one: (member: T, request: HttpRequest) => Awaitable<HttpResponse>;
}

/** Things of one kind that a plugin tells of: plans, pools. */
export interface AdminCollection<T> {
  /** Where all of them are, as "/plans"; one of them, and what may be asked of it, is below. */
  readonly path: string;
  /** What one is called: messages say it, and the paths of pages have "{kind}" where its name stands. */
  readonly kind: string;
  /** The name that a part of a path stands for; that part itself by default. */
  readonly nameOf?: (part: string) => string;
  /** Whether a name may be told of once only at an address; unless it is, the name stands for the member that came last. */
  readonly once?: boolean;
  /** Every page by its path. `members` are those told of at one address, by name, at whatever moment it is read. */
  pages(members: ReadonlyMap<string, T>): Readonly<Record<string, AdminPage<T>>>;
}

/** The description of all this, which is part of the package. */
const description = new URL('../../../docs/admin-api.yaml', import.meta.url);

/** What is at every address, whoever tells of something there. */
export function sharedAdminPages(context: Pick<StartContext, 'explain'>): Readonly<Record<string, PageOfAll>> {
  return {
    '/explain': { method: 'GET', all: (request) => explainPage(context, request) },
    '/openapi.yaml': { method: 'GET', all: () => ({ status: 200, body: readFileSync(description, 'utf8'), contentType: 'application/yaml' }) },
  };
}

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

/** The doors of a configuration, which its instances share, by their address. */
const doors = new WeakMap<AbortSignal, Map<string, Door>>();

/**
 * Tells of a member of a collection at an address, for `start` in the primary process. Throws an Error when somebody else wants other guards there, or
 * tells of the name already.
 */
export function openAdmin<T>(
  context: StartContext,
  access: AdminAccess,
  { collection, name, member }: { readonly collection: AdminCollection<T>; readonly name: string; readonly member: T },
): void {
  const door = openAdminDoor(context, access, `${collection.kind} ${name}`);
  door.serve(context, door.add(collection, name, member));
}

/** Opens an address where nothing is told of but what is at every address, or joins those who tell of something there; `label` says who opens it. */
export function openAdminDoor(context: StartContext, access: AdminAccess, label: string): Door {
  const open = doors.get(context.signal) ?? new Map<string, Door>();
  doors.set(context.signal, open);
  const there = open.get(access.address);
  if (there !== undefined && !sameAccess(there.access, access)) throw new Error(otherGuards(access, there.label));
  const door = there ?? new Door(access, { context, label });
  open.set(access.address, door);
  if (there === undefined) door.serve(context, Object.keys(sharedAdminPages(context)));
  return door;
}

/** The address with its port where the system chose the port: it has to be logged, as it stands in no configuration. Undefined for any other address. */
export function chosenAdminAddress(access: AdminAccess | undefined, server: ServerControl): string | undefined {
  return access?.address.endsWith(':0') === true ? `${access.address.slice(0, -1)}${server.httpPort(access.address)}` : undefined;
}

/** One address of one configuration, and what is told of there. */
class Door {
  readonly access: AdminAccess;
  /** Who came first. */
  readonly label: string;
  private readonly shared: Readonly<Record<string, PageOfAll>>;
  private readonly shelves = new Map<string, Shelf<unknown>>();

  constructor(access: AdminAccess, { context, label }: { readonly context: StartContext; readonly label: string }) {
    this.access = access;
    this.label = label;
    this.shared = sharedAdminPages(context);
  }

  /** Adds a member and returns the paths that are to be served besides. */
  add<T>(collection: AdminCollection<T>, name: string, member: T): readonly string[] {
    const known = this.shelves.get(collection.path);
    // One plugin serves a path, so what is there is of the same collection.
    const shelf = (known as Shelf<T> | undefined) ?? new Shelf(collection);
    if (collection.once === true && shelf.members.has(name)) {
      throw new Error(`another ${collection.kind} ${name} is told of at admin ${this.access.address}, expected another address`);
    }
    shelf.members.set(name, member);
    if (known !== undefined) return [];
    this.shelves.set(collection.path, shelf as Shelf<unknown>);
    return shelf.paths;
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
    const page = this.shared[pathname] ?? this.shelves.get(`/${top}`)?.find(pathname);
    if (page === undefined) return refuseRequest(404, `there is nothing at ${pathname}`);
    return misused(request, page) ?? page.all(request);
  }
}

/** What one collection tells of at an address. */
class Shelf<T> {
  readonly members = new Map<string, T>();
  private readonly collection: AdminCollection<T>;
  private readonly pages: Readonly<Record<string, AdminPage<T>>>;

  constructor(collection: AdminCollection<T>) {
    this.collection = collection;
    this.pages = collection.pages(this.members);
  }

  /** The last one stands for whatever is below it. */
  get paths(): readonly string[] {
    return [...Object.keys(this.pages).filter((path) => !path.includes('{')), `${this.collection.path}/`];
  }

  /** The page of a path. */
  find(pathname: string): PageOfAll | undefined {
    const { path, kind } = this.collection;
    const whole = this.pages[pathname];
    if (whole !== undefined && 'all' in whole) return whole;
    const [, , part = '', ...below] = pathname.split('/');
    const page = this.pages[[path, `{${kind}}`, ...below].join('/')];
    return page === undefined || 'all' in page ? undefined : { method: page.method, all: (request) => this.tell(part, page, request) };
  }

  private tell(part: string, page: PageOfOne<T>, request: HttpRequest): Awaitable<HttpResponse> {
    const { kind, nameOf } = this.collection;
    const member = this.members.get(nameOf?.(part) ?? part);
    return member === undefined ? refuseRequest(404, `no such ${kind}: ${part}`) : page.one(member, request);
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
