// Who is let in at an admin address, as what, and from where: everything that is asked there comes by here first.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { HttpRequest, HttpResponse } from '../plugin.ts';
import type { AdminAccess } from './access.ts';
import { adminHeaders, refuseRequest } from './answer.ts';
import { digest, sameDigest } from './digest.ts';
import type { PageOfAll } from './pages.ts';
import type { Role } from './role.ts';
import type { Sessions } from './sessions.ts';

/** Somebody who was let in. */
interface Visitor {
  /** Undefined: has shown nothing yet, where something is asked for. */
  readonly role: Role | undefined;
  /** Aborts when what was shown does not count any more. */
  readonly signal?: AbortSignal;
}

export class Door {
  private readonly access: AdminAccess;
  private readonly sessions: Sessions | undefined;
  /** The name of the cookie: browsers send it to every port of the machine. */
  readonly cookie: string;

  /** `sessions`: of an address where a console is. */
  constructor(access: AdminAccess, sessions?: Sessions) {
    this.access = access;
    this.sessions = sessions;
    this.cookie = `ferrydns_session_${/:(\d+)$/.exec(access.address)?.[1] ?? 'unix'}`;
  }

  /**
   * What those get whom a page from elsewhere sends, or who come under a name that is not this server's. A page in a browser of this machine must not be able
   * to ask, by whatever name it has been led here (DNS rebinding).
   */
  turnAway({ headers }: HttpRequest, page: Pick<PageOfAll, 'for'> | undefined): HttpResponse | undefined {
    const { local, console } = this.access;
    if (!local && console === undefined) return undefined;
    const host = (headers['host'] ?? '').toLowerCase();
    if (!isOurs(host.replace(/:\d+$/, ''), this.access)) return refuseRequest(403, `host '${host}' is not this machine`);
    // Who follows a link to the page itself comes from elsewhere.
    const follows = page?.for === 'everybody' && headers['sec-fetch-dest'] === 'document';
    const site = headers['sec-fetch-site'] ?? 'none';
    if (!follows && site !== 'none' && site !== 'same-origin') return refuseRequest(403, 'asked by a page from elsewhere');
    const { origin } = headers;
    return origin === undefined || hostOf(origin) === hostOf(`http://${host}`) ? undefined : refuseRequest(403, `asked by a page of ${origin}`);
  }

  /** Who asks: whoever shows a token, or the cookie of a session that a token began. */
  visitor({ headers }: Pick<HttpRequest, 'headers'>): Visitor {
    if (this.access.token === undefined) return { role: this.limited('operator') };
    const { authorization } = headers;
    if (authorization !== undefined) return { role: this.roleOf(digest(/^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '')) };
    const session = this.sessions?.find(this.cookieIn(headers['cookie']));
    return session === undefined ? { role: undefined } : { role: this.roleOf(session.token), signal: session.signal };
  }

  /** What a token lets do; undefined for a wrong one. */
  roleOf(token: Buffer): Role | undefined {
    const operator = sameDigest(token, this.access.token);
    const reader = sameDigest(token, this.access.console?.reader);
    return operator ? this.limited('operator') : reader ? 'reader' : undefined;
  }

  /** What those get who may not see the page. */
  refuse({ role }: Visitor, page: Pick<PageOfAll, 'for' | 'method'> | undefined): HttpResponse | undefined {
    if (page?.for === 'everybody') return undefined;
    if (role === undefined) {
      return { ...refuseRequest(401, "expected this server's token as bearer token"), headers: { ...adminHeaders, 'www-authenticate': 'Bearer' } };
    }
    if (page === undefined || role === 'operator') return undefined;
    return (page.for ?? (page.method === 'GET' ? 'readers' : 'operators')) === 'readers'
      ? undefined
      : refuseRequest(403, 'who may only read gives no orders: expected the token of an operator');
  }

  /** What the cookie says. */
  cookieIn(header: string | undefined): string | undefined {
    const parts = (header ?? '').split(/; */).map((part) => part.split('='));
    return parts.find(([name]) => name === this.cookie)?.[1];
  }

  private limited(role: Role): Role {
    return this.access.console?.readonly === true ? 'reader' : role;
  }
}

/** Whether this is a name of the server that nobody else can have made lead here. An address is no name: who has a page there is that address. */
function isOurs(host: string, { local, console, tls }: AdminAccess): boolean {
  if (/^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(host) || console?.hosts.includes(host) === true) return true;
  if (local || host === '') return false;
  const address = host.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 || (tls !== undefined && new X509Certificate(tls.cert).checkHost(host) !== undefined);
}

/** The host of an origin, with the port where it is not the usual one. */
function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host.replace(/:(?:80|443)$/, '');
}
