// Accepts connections for every transport over TCP: counts them, takes off the header of a proxy, and completes a TLS handshake before a message is read.
import { createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { type Addresses, addressesOf } from './addresses.ts';
import type { Listening } from './answerer.ts';
import { sharePort } from './batch/descriptor.ts';
import { isNativeAvailable } from './batch/library.ts';
import { Connections, type Served } from './connections.ts';
import { takeProxyHeader } from './proxied-streams.ts';
import type { ClientAuth, StreamSettings, TlsSettings } from './stream-settings.ts';

/** Connections that the system holds ready to be accepted. */
const backlog = 4096;

/** Where connections are accepted, and who serves them. */
export interface AcceptOptions {
  readonly address: string;
  readonly port: number;
  /** Lets listeners of other processes that say so too have the same address and port; the system spreads the connections over them (SO_REUSEPORT). */
  readonly reusePort?: boolean;
  readonly settings: () => StreamSettings;
  /** The protocols that are offered in a TLS handshake (ALPN, RFC 7301), the best first. */
  readonly protocols?: readonly string[];
  /** Serves a connection whose handshake, if there is one, is over, and whose client has these addresses. */
  serve(socket: Socket, addresses: Addresses, settings: StreamSettings): Served;
}

/** Opens a TCP listener. Rejects with the system's error when the address cannot be had. */
export async function acceptStreams(options: AcceptOptions): Promise<Omit<Listening, 'transport'>> {
  const acceptor = new Acceptor(options);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => acceptor.accept(socket));
  await listen(server, options);
  const { address, port } = server.address() as { address: string; port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      acceptor.finish();
    });
  return { address, port, share: sharing(server), close };
}

class Acceptor {
  private readonly options: AcceptOptions;
  /** Every open connection by its addresses, those in their handshake included. */
  private readonly connections = new Connections();
  /** Who asks by the connections that a proxy has made. */
  private readonly told = new Map<string, Addresses>();
  private handshakes: Handshakes | undefined;

  constructor(options: AcceptOptions) {
    this.options = options;
  }

  accept(socket: Socket): void {
    const settings = this.options.settings();
    const client = addressesOf(socket)?.address;
    const isFull = settings.connections > 0 && this.connections.size >= settings.connections;
    if (client === undefined || (isFull && !this.connections.makeRoom(client))) return void socket.destroy();
    const key = keyOf(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.connections.delete(key, client);
      this.told.delete(key);
    });
    const { proxy, timeouts } = settings;
    if (proxy === undefined) return void this.secure(socket, settings);
    this.connections.set(key, client, { finish: () => socket.destroy() });
    const done = (addresses: Addresses | undefined) => {
      if (addresses !== undefined) this.told.set(key, addresses);
      this.secure(socket, settings);
    };
    takeProxyHeader(socket, { proxy, patience: timeouts.read, done });
  }

  private secure(socket: Socket, settings: StreamSettings): void {
    const { tls } = settings;
    if (tls === undefined) return void this.serve(socket, settings);
    const client = addressesOf(socket)?.address;
    if (client === undefined) return void socket.destroy();
    this.connections.set(keyOf(socket), client, { finish: () => socket.destroy() });
    if (this.handshakes?.tls !== tls) this.handshakes = this.handshakesBy(tls, settings);
    this.handshakes.begin(socket);
  }

  finish(): void {
    this.connections.finish();
  }

  private serve(socket: Socket, settings: StreamSettings): void {
    const own = addressesOf(socket);
    // Nobody waits for an answer, and nobody could say who asks.
    if (own === undefined) return void socket.destroy();
    const key = keyOf(socket);
    this.connections.set(key, own.address, this.options.serve(socket, this.told.get(key) ?? own, settings));
  }

  private handshakesBy(tls: TlsSettings, settings: StreamSettings): Handshakes {
    const { protocols = [] } = this.options;
    return new Handshakes(tls, { protocols, patience: settings.timeouts.read, done: (secured) => this.serve(secured, settings) });
  }
}

interface HandshakeOptions {
  readonly protocols: readonly string[];
  /** Milliseconds until a handshake has to be over. */
  readonly patience: number;
  readonly done: (secured: TLSSocket) => void;
}

/** The TLS handshakes of a listener, by a TLS server that never listens itself. */
class Handshakes {
  readonly tls: TlsSettings;
  private readonly server: TlsServer;
  private credentials: object;

  constructor(tls: TlsSettings, { protocols, patience, done }: HandshakeOptions) {
    this.tls = tls;
    const credentials = tls.credentials();
    this.credentials = credentials;
    const alpn = protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
    const { requestCert, rejectUnauthorized } = verification[tls.clientAuth];
    this.server = process
      .getBuiltinModule('node:tls')
      .createServer({ ...credentials, ...alpn, requestCert, rejectUnauthorized, handshakeTimeout: patience });
    this.server.on('secureConnection', (secured) => {
      secured.on('error', () => secured.destroy());
      if (isAdmitted(secured, tls.clientAuth)) done(secured);
      else secured.destroy();
    });
    this.server.on('tlsClientError', (_error, secured) => secured.destroy());
    if (tls.keylog !== undefined) this.server.on('keylog', tls.keylog);
  }

  begin(socket: Socket): void {
    const credentials = this.tls.credentials();
    if (credentials !== this.credentials) {
      this.credentials = credentials;
      this.server.setSecureContext(credentials);
    }
    this.server.emit('connection', socket);
  }
}

/** What the TLS library is to check itself. It cannot tell a certificate that is missing from one that is wrong. */
const verification: Readonly<Record<ClientAuth, { readonly requestCert: boolean; readonly rejectUnauthorized: boolean }>> = {
  nocert: { requestCert: false, rejectUnauthorized: false },
  request: { requestCert: true, rejectUnauthorized: false },
  require: { requestCert: true, rejectUnauthorized: false },
  verify_if_given: { requestCert: true, rejectUnauthorized: false },
  require_and_verify: { requestCert: true, rejectUnauthorized: true },
};

function isAdmitted(secured: TLSSocket, clientAuth: ClientAuth): boolean {
  if (clientAuth !== 'require' && clientAuth !== 'verify_if_given') return true;
  const given = secured.getPeerX509Certificate() !== undefined;
  return clientAuth === 'require' ? given : !given || secured.authorized;
}

/** What a connection and the TLS connection over it have in common, and no other one of the same listener has. */
function keyOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Node tells neither the descriptor of a listener nor sets this option on it later. */
function sharing(server: Server): (() => void) | undefined {
  const { fd = -1 } = (server as unknown as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
  return fd >= 0 && isNativeAvailable() ? () => sharePort(fd) : undefined;
}

function listen(server: Server, { address: host, port, reusePort = false }: AcceptOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: true, exclusive: true, reusePort, backlog }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}
