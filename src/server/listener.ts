// One listener: an address and port with its UDP and TCP sockets and the responder behind them. Lives through reloads.
import { networkInterfaces } from 'node:os';
import type { Logger } from '../log/logger.ts';
import type { Answerer, Listening } from '../transport/answerer.ts';
import { defaultUdpKind, openUdp, type UdpKind } from '../transport/open-udp.ts';
import { listenTcp, type Timeouts } from '../transport/tcp.ts';

/** Where a listener is to listen. */
export interface ListenerOptions {
  /** An IP address; empty for all addresses of the machine. */
  readonly address: string;
  /** 0 lets the system choose one port for UDP and TCP alike. */
  readonly port: number;
  readonly responder: Answerer;
  readonly timeouts: () => Required<Timeouts>;
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
  const { reusePort = false } = options;
  let { port } = options;
  try {
    for (const address of addresses) {
      try {
        const tcp = await listenTcp({ address, port, answerer: options.responder, timeouts: options.timeouts, reusePort });
        open.push(tcp);
        port = tcp.port;
        open.push(...(await openUdpAt(address, port, options)));
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

/**
 * The UDP sockets of an address. A reply must come from the address that was asked (RFC 2181 section 4). Where each datagram tells which one
 * that was, one socket is enough; dgram does not tell, so a wildcard has one for each address of the machine besides.
 */
async function openUdpAt(address: string, port: number, options: ListenerOptions): Promise<Listening[]> {
  const kind = options.udp ?? defaultUdpKind();
  const { reusePort = false } = options;
  const common = { port, answerer: options.responder, log: options.log, kind, reusePort };
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
  return new Error(`Listen: listen ${host}:${port}: bind: ${reason}`, { cause: error });
}
