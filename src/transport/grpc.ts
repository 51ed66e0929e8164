// DNS over gRPC, by CoreDNS's service: coredns.dns.DnsService, whose unary Query takes and gives a message of one field, the bytes of a DNS message.
import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { type AcceptOptions, acceptStreams, type Served } from './accept.ts';
import { addressesOf } from './addresses.ts';
import { type Answerer, type Cancellable, type Listening, maxMessage, type Peer, pending } from './answerer.ts';
import { readPacket, writePacket } from './grpc-packet.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Where to listen, who answers, and what connections may take. */
export interface GrpcOptions extends Pick<AcceptOptions, 'address' | 'port' | 'reusePort'> {
  readonly answerer: Answerer;
  readonly settings: () => StreamSettings;
}

const service = {
  query: {
    path: '/coredns.dns.DnsService/Query',
    requestStream: false,
    responseStream: false,
    requestSerialize: writePacket,
    requestDeserialize: readPacket,
    responseSerialize: writePacket,
    responseDeserialize: readPacket,
  },
} as const;

/** Opens a DNS over gRPC listener. Rejects with the system's error when the address cannot be had. */
export async function listenGrpc(options: GrpcOptions): Promise<Listening> {
  const { answerer } = options;
  const { streams } = options.settings();
  const out = Buffer.allocUnsafeSlow(maxMessage);
  /** By the name that a call has of the client at the other end. */
  const sockets = new Map<string, Socket>();
  // The request of a message, and what protobuf and HTTP/2 add.
  const server = new Server({
    ...(streams === 0 ? {} : { 'grpc.max_concurrent_streams': streams }),
    'grpc.max_receive_message_length': maxMessage + 16,
  });
  server.addService(service, {
    query(call: ServerUnaryCall<Buffer, Buffer>, give: sendUnaryData<Buffer>) {
      const { request } = call;
      const peer = new GrpcPeer(call, give, sockets.get(call.getPeer()));
      const length = answerer.answer(request, 0, request.length, peer, out);
      if (length === pending) return;
      if (length > 0) peer.send(out.subarray(0, length));
      else give({ code: status.INVALID_ARGUMENT, details: 'not a DNS query' });
    },
  });
  // Connections come with their handshake behind them.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const serve = (socket: Socket, { timeouts }: StreamSettings): Served => {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(name, socket);
    socket.on('close', () => sockets.delete(name));
    socket.setTimeout(timeouts.idle, () => socket.destroy());
    injector.injectConnection(socket);
    return { finish: () => injector.drain(timeouts.write) };
  };
  const listening = await acceptStreams({ ...options, protocols: ['h2'], serve });
  return { transport: 'grpc', ...listening };
}

/** The client of one call. */
class GrpcPeer implements Peer {
  readonly transport = 'grpc';
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly localAddress: string;
  readonly localPort: number;
  readonly waiting = new Set<Cancellable>();
  private readonly give: sendUnaryData<Buffer>;

  constructor(call: ServerUnaryCall<Buffer, Buffer>, give: sendUnaryData<Buffer>, socket: Socket | undefined) {
    const { address, port, family, localAddress, localPort } = addressesOf(socket);
    this.address = address;
    this.port = port;
    this.family = family;
    this.localAddress = localAddress;
    this.localPort = localPort;
    this.give = give;
    call.on('cancelled', () => {
      for (const each of this.waiting) each.cancel('the client is gone');
    });
  }

  send(message: Uint8Array): void {
    this.give(null, Buffer.from(message));
  }

  sendNothing(): void {
    this.give({ code: status.UNAVAILABLE, details: 'no answer' });
  }
}
