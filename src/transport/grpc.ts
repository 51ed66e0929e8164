// DNS over gRPC, by CoreDNS's service: coredns.dns.DnsService, whose unary Query takes and gives a message of one field, the bytes of a DNS message.
import type { Socket } from 'node:net';
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type AcceptOptions, acceptStreams } from './accept.ts';
import type { Addresses } from './addresses.ts';
import { type Answerer, type Listening, maxMessage, pending } from './answerer.ts';
import type { Served } from './connections.ts';
import { TimedCall } from './grpc-call.ts';
import { readPacket, writePacket } from './grpc-packet.ts';
import { RequestConnection } from './request-connection.ts';
import { RequestPeer } from './request-peer.ts';
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
  const connections = new Map<string, RequestConnection>();
  const timed: ServerInterceptor = (_method, call) => {
    const connection = connections.get(call.getPeer());
    return connection === undefined ? new ServerInterceptingCall(call) : new TimedCall(call, connection, options.settings().timeouts.read);
  };
  // The request of a message, and what protobuf and HTTP/2 add.
  const server = new Server({
    ...(streams === 0 ? {} : { 'grpc.max_concurrent_streams': streams }),
    'grpc.max_receive_message_length': maxMessage + 16,
    interceptors: [timed],
  });
  server.addService(service, {
    query(call: ServerUnaryCall<Buffer, Buffer>, give: sendUnaryData<Buffer>) {
      const { request } = call;
      const connection = connections.get(call.getPeer());
      // HTTP/2 goes on with the requests that it has read when their client has gone.
      if (connection === undefined) return give({ code: status.CANCELLED, details: 'the client is gone' });
      const peer = new RequestPeer('grpc', connection.addresses, {
        send: (reply) => give(null, Buffer.from(reply)),
        sendNothing: () => give({ code: status.UNAVAILABLE, details: 'no answer' }),
      });
      call.on('cancelled', () => peer.gone());
      const length = answerer.answer(request, 0, request.length, peer, out);
      if (length === pending) return;
      if (length > 0) peer.send(out.subarray(0, length));
      else give({ code: status.INVALID_ARGUMENT, details: 'not a DNS query' });
    },
  });
  // Connections come with their handshake behind them.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const serve = (socket: Socket, addresses: Addresses, { timeouts }: StreamSettings): Served => {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    connections.set(name, new RequestConnection(socket, addresses, timeouts));
    socket.on('close', () => connections.delete(name));
    // Who ends a connection of HTTP/2 has gone.
    socket.on('end', () => socket.destroy());
    injector.injectConnection(socket);
    return { finish: () => injector.drain(timeouts.write) };
  };
  const listening = await acceptStreams({ ...options, protocols: ['h2'], serve });
  return { transport: 'grpc', ...listening };
}
