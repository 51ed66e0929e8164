// Opens UDP sockets that work in batches.
import type { UdpOptions } from '../udp.ts';
import { isWildcard, socketAddress } from './address.ts';
import { UdpDescriptor } from './descriptor.ts';
import { type BatchListening, BatchSocket } from './socket.ts';

/** Octets wished for the kernel's buffers: room for some 5,000 queries. */
const bufferSize = 4 << 20;

/** Opens a UDP socket. Rejects with the system's error (EADDRINUSE, EACCES, …) when the address cannot be had. */
export async function listenUdpInBatches(options: UdpOptions): Promise<BatchListening> {
  const { address, port, shared = false, reusePort = false } = options;
  const family = address.includes(':') ? 6 : 4;
  const packetInfo = isWildcard(address);
  const descriptor = new UdpDescriptor({ family, name: socketAddress(address, port), shared, reusePort, packetInfo, bufferSize });
  try {
    return new BatchSocket(descriptor, options);
  } catch (error) {
    descriptor.close();
    throw error;
  }
}
