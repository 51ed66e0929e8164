// The HTTP address of this server for operators: what plugins tell of there, what may be asked of it, and who is let in. `docs/admin-api.yaml` describes it.
import { type Awaitable, after } from '../awaitable.ts';
import { type Capability, capability } from '../capability.ts';
import type { ExamineContext, HttpRequest, HttpResponse, ServerControl, SetupContext, StartContext } from '../plugin.ts';
import { type AdminAccess, sameAccess } from './access.ts';
import { adminHeaders, refuseRequest } from './answer.ts';
import { Door } from './door.ts';
import { type AdminCollection, CollectionPages, type PageOfAll } from './pages.ts';
import { type LoginObserver, type SessionContext, sessionPage } from './session-page.ts';
import type { Sessions } from './sessions.ts';
import { sharedAdminPages } from './shared-pages.ts';

const sessionPath = '/session';

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

/** What is told of in a configuration, and the addresses that its instances share. */
interface Told {
  readonly servers: Map<string, AdminServer>;
  /** Tells all of it to one address: each thing as whoever it is of serves it. */
  readonly things: ((server: AdminServer) => void)[];
}

const toldIn = new WeakMap<AbortSignal, Told>();

function toldBy({ signal }: StartContext): Told {
  const told = toldIn.get(signal) ?? { servers: new Map(), things: [] };
  toldIn.set(signal, told);
  return told;
}

/**
 * Tells of a member of a collection at an address, if there is one, and at every console, for `start` in the primary process. Throws an Error when somebody
 * else wants other guards at the address, or tells of the name already.
 */
export function openAdmin<T>(
  context: StartContext,
  access: AdminAccess | undefined,
  { collection, name, member }: { readonly collection: AdminCollection<T>; readonly name: string; readonly member: T },
): void {
  const { servers, things } = toldBy(context);
  const own = access === undefined ? undefined : openAdminServer(context, access, `${collection.kind} ${name}`);
  const tell = (server: AdminServer) => server.serve(context, server.add(collection, { name, member, own: server === own }));
  if (own !== undefined) tell(own);
  things.push((server) => void (server !== own && tell(server)));
  for (const server of servers.values()) if (server.isConsole && server !== own) tell(server);
}

/** Opens an address where nothing is told of but what is at every address, or joins those who tell of something there; `label` says who opens it. */
export function openAdminServer(context: StartContext, access: AdminAccess, label: string): AdminServer {
  const { servers } = toldBy(context);
  const there = servers.get(access.address);
  if (there !== undefined && !sameAccess(there.access, access)) throw new Error(otherGuards(access, there.label));
  const server = there ?? new AdminServer(access, { context, label });
  servers.set(access.address, server);
  if (there === undefined) server.serve(context, server.paths);
  return server;
}

/** What is at the address of a console besides what plugins tell of. */
export interface ConsoleOptions {
  readonly label: string;
  readonly sessions: Sessions;
  readonly observe: LoginObserver;
  /** By their paths. */
  readonly pages: Readonly<Record<string, PageOfAll>>;
}

/** Opens an address where everything is told of that is told of in the configuration, for `start` in the primary process; a second one there is the first. */
export function openConsole(context: StartContext, access: AdminAccess, options: ConsoleOptions): Pick<AdminServer, 'read'> {
  const { things } = toldBy(context);
  const server = openAdminServer(context, access, options.label);
  if (server.isConsole) return server;
  server.serve(context, server.become(access, options));
  for (const tell of things) tell(server);
  return server;
}

/** The address with its port where the system chose the port: it has to be logged, as it stands in no configuration. Undefined for any other address. */
export function chosenAdminAddress(access: AdminAccess | undefined, control: ServerControl): string | undefined {
  return access?.address.endsWith(':0') === true ? `${access.address.slice(0, -1)}${control.httpPort(access.address)}` : undefined;
}

/** One address of one configuration, and what is told of there. */
class AdminServer {
  /** Who came first. */
  readonly label: string;
  access: AdminAccess;
  private door: Door;
  private console: SessionContext | undefined;
  /** The pages that are no collection's. */
  private pages: Readonly<Record<string, PageOfAll>>;
  private readonly collections = new Map<string, CollectionPages<unknown>>();

  constructor(access: AdminAccess, { context, label }: { readonly context: StartContext; readonly label: string }) {
    this.access = access;
    this.label = label;
    this.door = new Door(access);
    this.pages = sharedAdminPages(context);
  }

  get isConsole(): boolean {
    return this.console !== undefined;
  }

  get paths(): readonly string[] {
    return Object.keys(this.pages);
  }

  /** Makes a console of it, and returns the paths that are to be served besides. */
  become(access: AdminAccess, { sessions, observe, pages }: ConsoleOptions): readonly string[] {
    this.access = access;
    this.door = new Door(access, sessions);
    this.console = { access, door: this.door, sessions, observe };
    this.pages = { ...this.pages, ...pages };
    return [sessionPath, ...Object.keys(pages)];
  }

  /** Adds a member and returns the paths that are to be served besides. `own`: it named this address. */
  add<T>(
    collection: AdminCollection<T>,
    { name, member, own }: { readonly name: string; readonly member: T; readonly own: boolean },
  ): readonly string[] {
    const known = this.collections.get(collection.path);
    // One plugin serves a path, so what is there is of the same collection.
    const pages = (known as CollectionPages<T> | undefined) ?? new CollectionPages(collection);
    if (collection.once === true && pages.members.has(name) && own) {
      throw new Error(`another ${collection.kind} ${name} is told of at admin ${this.access.address}, expected another address`);
    }
    pages.add(name, member);
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
    const page = this.find(request);
    const outside = this.door.turnAway(request, page);
    if (outside !== undefined) return outside;
    const visitor = this.door.visitor(request);
    const unseen = this.door.refuse(visitor, page);
    if (unseen !== undefined) return this.slowly(request, unseen);
    if (page === undefined) return refuseRequest(404, `there is nothing at ${pathname}`);
    const reply = misused(request, page) ?? page.all(request, visitor.role);
    return after(reply, (found) => sent(found, visitor.signal));
  }

  /** What a GET page tells of all members of its collection, for this process; undefined where nobody tells of any. */
  async read(path: string): Promise<unknown> {
    const url = new URL(path, 'http://localhost');
    const page = this.find({ url, method: 'GET' });
    if (page === undefined) return undefined;
    const { body } = await page.all({ url, method: 'GET', headers: {}, body: '', from: 'this server' }, 'operator');
    return JSON.parse(String(body));
  }

  private find({ url: { pathname }, method }: Pick<HttpRequest, 'url' | 'method'>): PageOfAll | undefined {
    if (this.console !== undefined && pathname === sessionPath) return sessionPage(method, this.console);
    const [, top] = pathname.split('/');
    return this.pages[pathname] ?? this.collections.get(`/${top}`)?.find(pathname);
  }

  /** Who shows a wrong token at a console waits for the answer. */
  private async slowly({ headers }: HttpRequest, refusal: HttpResponse): Promise<HttpResponse> {
    if (refusal.status === 401 && headers['authorization'] !== undefined) await this.console?.sessions.delay();
    return refusal;
  }
}

/** What every answer says, and the end of a stream with the session of whoever reads it. */
function sent(reply: HttpResponse, session: AbortSignal | undefined): HttpResponse {
  const { stream } = reply;
  const headers = { ...adminHeaders, ...reply.headers };
  if (stream === undefined || session === undefined) return { ...reply, headers };
  return { ...reply, headers, stream: (signal) => stream(AbortSignal.any([signal, session])) };
}

function misused({ method, headers }: HttpRequest, page: Pick<PageOfAll, 'method'>): HttpResponse | undefined {
  const allowed = page.method === 'GET' ? ['GET', 'HEAD'] : [page.method];
  if (!allowed.includes(method)) return { ...refuseRequest(405, `expected ${page.method}`), headers: { ...adminHeaders, allow: allowed.join(', ') } };
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return page.method === 'POST' && type !== 'application/json' ? refuseRequest(415, 'expected content type application/json') : undefined;
}
