// Who is at the other end of a connection, and which address was asked: as the system says, or as a proxy in front does.
import type { Socket } from 'node:net';
import type { Client } from '../dns/client.ts';

/** The two ends of a connection or of a datagram. */
export type Addresses = Pick<Client, 'address' | 'port' | 'family' | 'localAddress' | 'localPort'>;

/** Keeps the two ends for a client that answers are sent to. */
export abstract class Ends implements Addresses {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly localAddress: string;
  readonly localPort: number;

  constructor({ address, port, family, localAddress, localPort }: Addresses) {
    this.address = address;
    this.port = port;
    this.family = family;
    this.localAddress = localAddress;
    this.localPort = localPort;
  }
}

/** Stands on the socket itself: what HTTP/2 gives for a socket is another object, which passes properties on. */
const told = Symbol('addresses that a proxy has told');

interface Told {
  [told]?: Addresses;
}

/** Says who is at the other end in truth. */
export function tellAddresses(socket: Socket, addresses: Addresses): void {
  (socket as Told)[told] = addresses;
}

/** Who is at the other end; a connection that has ended has no addresses of its own any more. */
export function addressesOf(socket: Socket | undefined): Addresses {
  return (socket as Told | undefined)?.[told] ?? ownAddresses(socket);
}

function ownAddresses(socket: Socket | undefined): Addresses {
  return {
    address: socket?.remoteAddress ?? '',
    port: socket?.remotePort ?? 0,
    family: socket?.remoteFamily === 'IPv6' ? 6 : 4,
    localAddress: socket?.localAddress ?? '',
    localPort: socket?.localPort ?? 0,
  };
}
