// The page of the console: files that were built beforehand, with the forms that browsers take them in.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adminHeaders, type PageOfAll } from 'ferrydns/built-in/admin';
import type { HttpRequest, HttpResponse } from 'ferrydns/plugin';

const built = new URL('./page-built/', import.meta.url);

/** Nothing is loaded from elsewhere, and nothing runs or styles but files of ours. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
};

/** The forms of a file, the one that is wanted most first: the word of Accept-Encoding, and what is behind the name. */
const forms = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** The files of a folder that holds a built page, by their paths; the page itself is at "/". Without one, "/" says what to do. */
export function pageFiles(folder: URL = built): Readonly<Record<string, PageOfAll>> {
  if (!existsSync(new URL('index.html', folder))) return { '/': { method: 'GET', for: 'everybody', all: notBuilt } };
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const files = names.filter((name) => typeOf(name) !== undefined);
  return Object.fromEntries(files.map((name) => [name === 'index.html' ? '/' : `/${name}`, fileAt(name, { folder, names })]));
}

function notBuilt(): HttpResponse {
  const todo = 'npm start builds it, as does: npm run build';
  return { status: 503, body: `the page of the console is not built: ${todo}\n`, contentType: 'text/plain; charset=utf-8' };
}

interface Folder {
  readonly folder: URL;
  readonly names: readonly string[];
}

/** A file as it is sent: read when it is first asked for, and kept. */
interface Form {
  readonly body: Buffer;
  readonly tag: string;
}

function fileAt(name: string, { folder, names }: Folder): PageOfAll {
  const kept = new Map<string, Form>();
  const formOf = (ending: string): Form => {
    const body = kept.get(ending) ?? read(fileURLToPath(new URL(`${name}${ending}`, folder)));
    kept.set(ending, body);
    return body;
  };
  // The name of what lies in `assets` changes with what it holds.
  const caching = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const all = (request: HttpRequest): HttpResponse => {
    const [coding, ending] = forms.find(([word, suffix]) => names.includes(`${name}${suffix}`) && accepts(request, word)) ?? [undefined, ''];
    const { body, tag } = formOf(ending);
    const headers = {
      ...adminHeaders,
      'cache-control': caching,
      'content-security-policy': policy,
      etag: tag,
      vary: 'accept-encoding',
      ...(coding === undefined ? {} : { 'content-encoding': coding }),
    };
    const known = request.headers['if-none-match']?.split(/ *, */).some((each) => each.replace(/^W\//, '') === tag);
    return { status: known === true ? 304 : 200, body: known === true ? '' : body, contentType: typeOf(name) ?? 'text/plain', headers };
  };
  return { method: 'GET', for: 'everybody', all };
}

function read(file: string): Form {
  const body = readFileSync(file);
  return { body, tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

/** Whether the client takes a form (RFC 9110 section 12.5.3). */
function accepts({ headers }: HttpRequest, coding: string): boolean {
  const said = (headers['accept-encoding'] ?? '').split(',').map((part) => part.trim().toLowerCase().split(/ *; */));
  return said.some(([word, weight]) => word === coding && !/^q=0(\.0*)?$/.test(weight ?? ''));
}

function typeOf(name: string): string | undefined {
  const ending = /\.([a-z0-9]+)$/.exec(name)?.[1];
  return ending === undefined ? undefined : types[ending];
}
