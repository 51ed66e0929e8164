// DNS over TCP (RFC 7766) and over TLS (RFC 7858): the same frames, with or without a handshake before.
import { acceptStreams } from './accept.ts';
import { type Answerer, type Listening, maxMessage } from './answerer.ts';
import { FramedConnection } from './frames.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Where to listen, who answers, and what connections may take. */
export interface TcpOptions {
  readonly address: string;
  readonly port: number;
  readonly answerer: Answerer;
  /** In force when a connection is made; with `tls` where that is spoken. */
  readonly settings: () => StreamSettings;
  readonly reusePort?: boolean;
}

/** Opens a TCP listener. Rejects with the system's error when the address cannot be had. */
export function listenTcp(options: TcpOptions): Promise<Listening> {
  return listenFramed('tcp', options);
}

/** Opens a DNS over TLS listener; a client that offers protocols must offer "dot" (RFC 7858 section 3.1). Rejects as {@link listenTcp}. */
export function listenTls(options: TcpOptions): Promise<Listening> {
  return listenFramed('tls', options);
}

async function listenFramed(transport: 'tcp' | 'tls', { answerer, ...where }: TcpOptions): Promise<Listening> {
  const out = Buffer.allocUnsafeSlow(maxMessage);
  const protocols = transport === 'tls' ? ['dot'] : [];
  const listening = await acceptStreams({
    ...where,
    protocols,
    serve: (socket, addresses, { timeouts }) => new FramedConnection(socket, { transport, addresses, answerer, timeouts, out }),
  });
  return { transport, ...listening };
}
