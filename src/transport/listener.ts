// The entrance to every transport: opens the sockets of one address and port for DNS, by the transport that the configuration names.
import { networkInterfaces } from 'node:os';
import type { Logger } from '../log/logger.ts';
import type { Answerer, Listening } from './answerer.ts';
import { listenAdvice } from './listen-advice.ts';
import { defaultUdpKind, openUdp, type UdpKind } from './open-udp.ts';
import { DatagramUnwrapper } from './proxied-datagrams.ts';
import type { StreamSettings } from './stream-settings.ts';
import { listenTcp, listenTls } from './tcp.ts';
import type { ListenerTransport } from './transports.ts';

/** Where a listener is to listen. */
export interface ListenerOptions {
  readonly transport: ListenerTransport;
  /** An IP address; empty for all addresses of the machine. */
  readonly address: string;
  /** 0 lets the system choose one port for all sockets. */
  readonly port: number;
  readonly answerer: Answerer;
  /** In force for a connection when it is made. */
  readonly settings: () => StreamSettings;
  /** Called with the HTTP status of every response of an `https` listener. */
  readonly responded?: ((status: number) => void) | undefined;
  readonly log: Logger;
  /** Whether other processes may have sockets of the same address and port. */
  readonly reusePort?: boolean;
  /** The UDP transport to use; the faster one that works here unless given. */
  readonly udp?: UdpKind;
}

/** How often a port that the system chose for TCP is tried for UDP, before giving up. */
const attempts = 20;

/** Opens the sockets of a listener, all or none. Rejects with an Error that names the address and port. */
export async function openListener(options: ListenerOptions): Promise<Listening[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openAll(options);
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (options.port !== 0 || !taken || attempt === attempts) throw describe(error, options);
    }
  }
}

async function openAll(options: ListenerOptions): Promise<Listening[]> {
  const open: Listening[] = [];
  const addresses = options.address === '' ? ['0.0.0.0', '::'] : [options.address];
  let { port } = options;
  try {
    for (const address of addresses) {
      try {
        const opened = await openers[options.transport]({ ...options, address, port });
        open.push(...opened);
        port = opened[0]?.port ?? port;
      } catch (error) {
        // A machine without IPv6 has no :: to listen on.
        if (address !== '::' || !isUnsupported(error)) throw error;
      }
    }
    return open;
  } catch (error) {
    await Promise.all(open.map((socket) => socket.close()));
    throw error;
  }
}

/** Opens the sockets of one address. */
const openers: Readonly<Record<ListenerTransport, (options: ListenerOptions) => Promise<Listening[]>>> = {
  async dns(options) {
    const tcp = await listenTcp(options);
    try {
      return [tcp, ...(await openUdpAt({ ...options, port: tcp.port }))];
    } catch (error) {
      await tcp.close();
      throw error;
    }
  },
  tls: async (options) => [await listenTls(options)],
  // Loaded by those who have such a listener: all others start sooner, and in less memory, without them.
  https: async (options) => [await (await import('./https.ts')).listenHttps(options)],
  grpc: async (options) => [await (await import('./grpc.ts')).listenGrpc(options)],
};

/**
 * The UDP sockets of an address. A reply must come from the address that was asked (RFC 2181 section 4). Where each datagram tells which one
 * that was, one socket is enough; dgram does not tell, so a wildcard has one for each address of the machine besides.
 */
async function openUdpAt(options: ListenerOptions): Promise<Listening[]> {
  const kind = options.udp ?? defaultUdpKind();
  const { address, port, reusePort = false } = options;
  const answerer = new DatagramUnwrapper(options.answerer, options.settings);
  const common = { port, answerer, log: options.log, kind, reusePort };
  const wildcard = address === '0.0.0.0' || address === '::';
  if (!wildcard || kind === 'batch') return [await openUdp({ ...common, address })];
  // Sharing a port would hide that another program has it, so ask for it alone first.
  if (!reusePort) await (await openUdp({ ...common, address })).close();
  const open = [await openUdp({ ...common, address, shared: true })];
  for (const own of ownAddresses(address === '::' ? 'IPv6' : 'IPv4')) {
    // An address may be going away, or still be tentative; the wildcard socket serves it then.
    const socket = await openUdp({ ...common, address: own, shared: true }).catch(() => undefined);
    if (socket !== undefined) open.push(socket);
  }
  return open;
}

function ownAddresses(family: 'IPv4' | 'IPv6'): string[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses]) => (addresses ?? []).map((entry) => ({ ...entry, name })));
  return all
    .filter((entry) => entry.family === family)
    .map((entry) => (entry.family === 'IPv6' && entry.scopeid !== 0 ? `${entry.address}%${entry.name}` : entry.address));
}

function isUnsupported(error: unknown): boolean {
  return ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function describe(error: unknown, { address, port }: ListenerOptions): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const host = address.includes(':') ? `[${address}]` : address;
  const reason =
    { EADDRINUSE: 'address already in use', EACCES: 'permission denied', EADDRNOTAVAIL: 'cannot assign requested address' }[code ?? ''] ?? message;
  return new Error(`Listen: listen ${host}:${port}: bind: ${reason}${listenAdvice(code, port, 'dns')}`, { cause: error });
}
