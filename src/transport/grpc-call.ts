// One gRPC call: the time that a client has to send its request, and to take the answer.
import { ServerInterceptingCall, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import type { RequestConnection } from './request-connection.ts';

export class TimedCall extends ServerInterceptingCall {
  private readonly connection: RequestConnection;
  private readonly reading: NodeJS.Timeout;
  private taken: (() => void) | undefined;
  private isOver = false;

  /** `read` is milliseconds until the request has to be whole. */
  constructor(call: ServerInterceptingCallInterface, connection: RequestConnection, read: number) {
    super(call, {
      start: (next) =>
        next({
          onReceiveMessage: (message, pass) => {
            clearTimeout(this.reading);
            pass(message);
          },
          onReceiveMetadata: (metadata, pass) => pass(metadata),
          onReceiveHalfClose: (pass) => pass(),
          onCancel: () => this.over(),
        }),
      sendMetadata: (metadata, pass) => pass(metadata),
      sendMessage: (message, pass) => pass(message),
      sendStatus: (given, pass) => pass(given),
    });
    this.connection = connection;
    this.reading = setTimeout(() => this.sendStatus({ code: status.DEADLINE_EXCEEDED, details: 'the request was not whole in time' }), read);
    connection.began();
  }

  override sendMessage(message: unknown, callback: () => void): void {
    this.taken = this.connection.sending();
    super.sendMessage(message, () => {
      this.taken?.();
      callback();
    });
  }

  override sendStatus(given: Parameters<ServerInterceptingCall['sendStatus']>[0]): void {
    super.sendStatus(given);
    this.over();
  }

  private over(): void {
    clearTimeout(this.reading);
    this.taken?.();
    if (this.isOver) return;
    this.isOver = true;
    this.connection.ended();
  }
}
