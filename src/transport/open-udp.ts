// Opens a UDP socket by the faster of the two transports that works here.
import { isIP } from 'node:net';
import type { Listening } from './answerer.ts';
import type { UdpCounters } from './batch/counters.ts';
import { isNativeAvailable } from './batch/library.ts';
import { listenUdpInBatches } from './batch/listen.ts';
import { listenUdp, type UdpOptions } from './udp.ts';

/** Where to listen, who answers, and by which transport. */
export interface OpenUdpOptions extends UdpOptions {
  /** The transport to use; the faster one that works here unless given. */
  readonly kind?: UdpKind;
}

/** `batch` makes system calls for many datagrams at a time, `dgram` is Node's own and works everywhere. */
export type UdpKind = 'batch' | 'dgram';

/** A UDP socket that is open for DNS. */
export interface UdpListening extends Listening {
  readonly kind: UdpKind;
  /** What the socket has done so far; undefined for `dgram`, which does not tell. */
  readonly counters: Readonly<UdpCounters> | undefined;
}

/** The transport that {@link openUdp} takes unless told otherwise. */
export function defaultUdpKind(): UdpKind {
  return isNativeAvailable() ? 'batch' : 'dgram';
}

/** Opens a UDP socket. Rejects with the system's error (EADDRINUSE, EACCES, …) when the address cannot be had. */
export async function openUdp(options: OpenUdpOptions): Promise<UdpListening> {
  const kind = options.kind ?? defaultUdpKind();
  // A host name is looked up by dgram alone.
  if (kind === 'dgram' || isIP(options.address) === 0) {
    const listening = await listenUdp(options);
    return { ...listening, kind: 'dgram', counters: undefined };
  }
  const listening = await listenUdpInBatches(options);
  const { transport, address, port, counters } = listening;
  return { kind, transport, address, port, counters, share: listening.share?.bind(listening), close: () => listening.close() };
}
