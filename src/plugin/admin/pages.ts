// The pages of an admin address: what plugins tell of there, by path.
import type { Awaitable } from '../awaitable.ts';
import type { HttpRequest, HttpResponse } from '../plugin.ts';
import { refuseRequest } from './answer.ts';
import type { Role } from './role.ts';

/** What is at a path: about all members of a collection, or about the one that the path names. */
export type AdminPage<T> = PageOfAll | PageOfOne<T>;

/** Whom a page is for: those who have shown nothing as well, those who may only read as well, or who may change things. */
type Audience = 'everybody' | 'readers' | 'operators';

/** About all members. */
export interface PageOfAll {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Readers for GET, operators for other methods, unless given. */
  readonly for?: Audience;
  readonly all: (request: HttpRequest, role: Role | undefined) => Awaitable<HttpResponse>;
}

/** About one of them. */
interface PageOfOne<T> {
  readonly method: 'GET' | 'POST';
  readonly for?: Audience;
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

/** What one collection tells of at an address. */
export class CollectionPages<T> {
  readonly members = new Map<string, T>();
  /** The names that several members have. */
  private readonly ambiguous = new Set<string>();
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
    if (page === undefined || 'all' in page) return undefined;
    return { ...page, all: (request) => this.tell(part, page, request) };
  }

  /** Adds a member. Where a name may be told of once only, a console tells of two of the name all the same, but gives neither of them orders. */
  add(name: string, member: T): void {
    const twice = this.collection.once === true && this.members.has(name);
    if (twice) this.ambiguous.add(name);
    this.members.set(twice ? `${name} ${this.members.size}` : name, member);
  }

  private tell(part: string, page: PageOfOne<T>, request: HttpRequest): Awaitable<HttpResponse> {
    const { kind, nameOf } = this.collection;
    const name = nameOf?.(part) ?? part;
    if (page.method !== 'GET' && this.ambiguous.has(name)) {
      return refuseRequest(409, `there are several of the name: give the order to ${kind} ${name} at an admin address of its own`);
    }
    const member = this.members.get(name);
    return member === undefined ? refuseRequest(404, `no such ${kind}: ${part}`) : page.one(member, request);
  }
}
