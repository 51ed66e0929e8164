// Who may come in at a console: as at any admin address, and as readers.
import type { Word } from '../../config/tree.ts';
import type { SetupContext } from '../plugin.ts';
import { type AdminAccess, accessOf, readTls, readToken } from './access.ts';
import { sameDigest } from './digest.ts';

/** The options of `console`: the words behind each of them. */
export interface ConsoleWords {
  readonly tls: readonly Word[] | undefined;
  readonly token: readonly Word[] | undefined;
  readonly reader: readonly Word[] | undefined;
  readonly readonly: boolean;
  readonly hosts: readonly string[];
}

/** Reads the options of a console at HOST:PORT or unix:PATH, which stands `at` this word. Files are read now, and again with each configuration. */
export function readConsoleAccess(
  { place, at }: { readonly place: string; readonly at: Word | undefined },
  options: ConsoleWords,
  context: SetupContext,
): AdminAccess {
  const { readonly } = options;
  const tls = options.tls && readTls(at, options.tls, context);
  const token = options.token && readToken(at, options.token, context);
  const reader = options.reader && readToken(at, options.reader, context);
  if (reader !== undefined && token === undefined) context.fail("'reader' without 'token': everybody else would be an operator", 'reader');
  if (reader !== undefined && sameDigest(reader, token)) context.fail("'reader' and 'token' name the same token", 'reader');
  const hosts = options.hosts.map((host) => host.toLowerCase());
  return { ...accessOf(place, { tls, token, at }, context), console: { reader, readonly, hosts } };
}
