// Who may come in at an admin address: where it is, whether it speaks TLS, and the token that it asks for.
import { createHash, timingSafeEqual } from 'node:crypto';
import { messageOf } from '../../config/error.ts';
import type { Word } from '../../config/tree.ts';
import { httpAddress } from '../../config/values.ts';
import type { HttpTls, SetupContext } from '../plugin.ts';

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
}

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
  const { tls, token } = readMore(more, context);
  if (place.text.startsWith('unix:')) {
    const path = place.text.slice('unix:'.length);
    if (path === '') context.fail('expected unix:PATH', place);
    if (tls !== undefined) context.fail('a socket file is for its owner alone: TLS is not supported there', place);
    return { address: `unix:${context.path(path)}`, tls, token, local: false };
  }
  const address = readAddress(place, context);
  const guarded = token !== undefined || tls?.clientCa !== undefined;
  if (isLoopback(address)) return { address, tls, token, local: !guarded };
  if (!guarded) {
    context.fail(`address ${place.text} can be reached from other machines: expected 'tls CERT KEY CLIENT_CA' or 'token FILE' behind it`, place);
  }
  if (tls === undefined)
    context.warn(`the token crosses the network to ${place.text} unencrypted, where whoever sees it may move services: use tls`, place);
  return { address, tls, token, local: false };
}

/** Whether the header names the token; takes as long for a wrong one as for the right one. */
export function knowsToken(token: Buffer, authorization: string | undefined): boolean {
  const said = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(said), token);
}

export function sameAccess(one: AdminAccess, other: AdminAccess): boolean {
  const { tls, token } = other;
  const sameTls = one.tls?.cert === tls?.cert && one.tls?.key === tls?.key && one.tls?.clientCa === tls?.clientCa;
  return sameTls && one.token?.toString('hex') === token?.toString('hex');
}

function readMore(words: readonly Word[], context: SetupContext): Pick<AdminAccess, 'tls' | 'token'> {
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

function readTls(word: Word, files: readonly Word[], context: SetupContext): HttpTls {
  const [cert, key, clientCa] = files;
  if (cert === undefined || key === undefined) return context.fail('expected tls CERT KEY [CLIENT_CA]', word);
  const tls = { cert: read(cert, context), key: read(key, context), ...(clientCa === undefined ? {} : { clientCa: read(clientCa, context) }) };
  try {
    process.getBuiltinModule('node:tls').createSecureContext({ cert: tls.cert, key: tls.key, ca: tls.clientCa });
  } catch (error) {
    context.fail(`certificate and key cannot be used: ${messageOf(error)}`, cert);
  }
  return tls;
}

function readToken(word: Word, files: readonly Word[], context: SetupContext): Buffer {
  const [file] = files;
  if (file === undefined) return context.fail('expected token FILE', word);
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

function readAddress(word: Word, context: SetupContext): string {
  try {
    return httpAddress.parse(word.text);
  } catch (error) {
    return context.fail(`${messageOf(error)}, expected HOST:PORT, unix:PATH or off`, word);
  }
}

function isLoopback(address: string): boolean {
  return /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):\d+$/.test(address);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
