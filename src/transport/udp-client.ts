// Asks other servers over UDP, each time from a port that the system has just chosen at random (RFC 5452 section 9.2).
import { isNativeAvailable } from './batch/library.ts';
import { NativeUdpClient } from './batch/udp-client.ts';
import { DgramUdpClient } from './dgram-client.ts';
import type { UdpKind } from './open-udp.ts';
import type { UdpClient } from './udp-socket.ts';

/** Opens a client by the faster of the two ways that works here, unless told which. */
export function openUdpClient(kind: UdpKind = isNativeAvailable() ? 'batch' : 'dgram'): UdpClient {
  return kind === 'batch' ? new NativeUdpClient() : new DgramUdpClient();
}
