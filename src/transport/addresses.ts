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

/** The two ends as the system says; undefined when the client has gone: a connection that has ended has no addresses any more. */
export function addressesOf({ remoteAddress, remotePort = 0, remoteFamily, localAddress = '', localPort = 0 }: Socket): Addresses | undefined {
  if (remoteAddress === undefined) return undefined;
  return { address: remoteAddress, port: remotePort, family: remoteFamily === 'IPv6' ? 6 : 4, localAddress, localPort };
}
