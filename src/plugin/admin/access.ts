// Who may come in at an admin address: where it is, whether it speaks TLS, and the token that it asks for.
import { messageOf } from '../../config/error.ts';
import type { Word } from '../../config/tree.ts';
import { httpAddress } from '../../config/values.ts';
import type { HttpTls, SetupContext } from '../plugin.ts';
import { digest } from './digest.ts';

const leastToken = 16;

/** Where an admin address is, and what it asks of those who come in. */
export interface AdminAccess {
  /** "HOST:PORT", ":PORT" or "unix:PATH". */
  readonly address: string;
  readonly tls: HttpTls | undefined;
  /** The hash of the token. */
  readonly token: Buffer | undefined;
  /** Whether a page in a browser of this machine could ask, were the name of the host not looked at. */
  readonly local: boolean;
  /** What a console asks besides; undefined where no browser is served. */
  readonly console?: ConsoleAccess | undefined;
}

/** What is asked of those who come with a browser. */
interface ConsoleAccess {
  /** The hash of the token that lets in without letting change anything. */
  readonly reader: Buffer | undefined;
  /** Whether nobody may change anything there. */
  readonly readonly: boolean;
  /** The names, in lower case, by which browsers may call the address, besides those of this machine and of the certificate. */
  readonly hosts: readonly string[];
}

/** What stands in front of an address. */
export type Guards = Pick<AdminAccess, 'tls' | 'token'>;

/** The address where commands look first: everybody on this machine may come in. */
export const usualAdminAccess: AdminAccess = { address: '127.0.0.1:9180', tls: undefined, token: undefined, local: true };

/** Reads the words of an `admin` option; undefined for "off". Files are read now, and again with each configuration. */
export function readAdminAccess(words: readonly Word[], context: SetupContext): AdminAccess | undefined {
  const [place, ...more] = words;
  if (place === undefined) return context.fail('expected HOST:PORT, unix:PATH or off');
  if (place.text === 'off') {
    const [extra] = more;
    return extra === undefined ? undefined : context.fail(`unexpected '${extra.text}' after 'off'`, extra);
  }
  return accessOf(place.text, { ...readMore(more, context), at: place }, context);
}

/** An address with its guards; refuses one that others could reach and that nobody guards. */
export function accessOf(place: string, { tls, token, at }: Guards & { readonly at: Word | undefined }, context: SetupContext): AdminAccess {
  if (place.startsWith('unix:')) {
    const path = place.slice('unix:'.length);
    if (path === '') context.fail('expected unix:PATH', at);
    if (tls !== undefined) context.fail('a socket file is for its owner alone: TLS is not supported there', at);
    return { address: `unix:${context.path(path)}`, tls, token, local: false };
  }
  const address = readAddress(place, at, context);
  const guarded = token !== undefined || tls?.clientCa !== undefined;
  if (isLoopback(address)) return { address, tls, token, local: !guarded };
  if (!guarded) {
    context.fail(`address ${place} can be reached from other machines: expected 'tls CERT KEY CLIENT_CA' or 'token FILE' behind it`, at);
  }
  if (tls === undefined) context.warn(`the token crosses the network to ${place} unencrypted, where whoever sees it may move services: use tls`, at);
  return { address, tls, token, local: false };
}

export function sameAccess(one: AdminAccess, other: AdminAccess): boolean {
  const { tls, token } = other;
  const sameTls = one.tls?.cert === tls?.cert && one.tls?.key === tls?.key && one.tls?.clientCa === tls?.clientCa;
  return sameTls && one.token?.toString('hex') === token?.toString('hex');
}

function readMore(words: readonly Word[], context: SetupContext): Guards {
  let tls: HttpTls | undefined;
  let token: Buffer | undefined;
  let rest = words;
  for (let [word] = rest; word !== undefined; [word] = rest) {
    // A file may be called as one of the words is, but for the one that may be left out.
    const authority = rest[3] !== undefined && rest[3].text !== 'tls' && rest[3].text !== 'token';
    const count = word.text === 'token' ? 1 : authority ? 3 : 2;
    const files = rest.slice(1, 1 + count);
    if (word.text === 'tls' && tls === undefined) tls = readTls(word, files, context);
    else if (word.text === 'token' && token === undefined) token = readToken(word, files, context);
    else context.fail(`unexpected '${word.text}', expected tls CERT KEY [CLIENT_CA] or token FILE`, word);
    rest = rest.slice(1 + count);
  }
  return { tls, token };
}

/** Reads the files of `tls CERT KEY [CLIENT_CA]`, which stand behind that word. */
export function readTls(word: Word | undefined, files: readonly Word[], context: SetupContext): HttpTls {
  const [cert, key, clientCa, extra] = files;
  if (cert === undefined || key === undefined || extra !== undefined) return context.fail('expected tls CERT KEY [CLIENT_CA]', extra ?? word);
  const tls = { cert: read(cert, context), key: read(key, context), ...(clientCa === undefined ? {} : { clientCa: read(clientCa, context) }) };
  try {
    process.getBuiltinModule('node:tls').createSecureContext({ cert: tls.cert, key: tls.key, ca: tls.clientCa });
  } catch (error) {
    context.fail(`certificate and key cannot be used: ${messageOf(error)}`, cert);
  }
  return tls;
}

/** The hash of the token in the file behind the word. */
export function readToken(word: Word | undefined, files: readonly Word[], context: SetupContext): Buffer {
  const [file, extra] = files;
  if (file === undefined || extra !== undefined) return context.fail('expected token FILE', extra ?? word);
  const token = read(file, context).split('\n', 1)[0]?.trim() ?? '';
  if (token.length < leastToken || /\s/.test(token)) {
    context.fail(`the first line of ${file.text} is no token, expected at least ${leastToken} characters without a space`, file);
  }
  return digest(token);
}

function read(file: Word, context: SetupContext): string {
  try {
    return context.read(file.text).toString('utf8');
  } catch (error) {
    return context.fail(messageOf(error), file);
  }
}

function readAddress(place: string, at: Word | undefined, context: SetupContext): string {
  try {
    return httpAddress.parse(place);
  } catch (error) {
    return context.fail(`${messageOf(error)}, expected HOST:PORT, unix:PATH or off`, at);
  }
}

function isLoopback(address: string): boolean {
  return /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):\d+$/.test(address);
}
