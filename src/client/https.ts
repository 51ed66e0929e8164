// DNS over HTTPS to one server (RFC 8484): every query is a request on one HTTP/2 connection, which is opened again when it ends.
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { maxMessage } from '../transport/answerer.ts';
import { messageType, queryPath } from '../transport/https-names.ts';
import type { Receiver } from '../transport/udp-socket.ts';
import type { Channel, ConnectionOptions, Outstanding } from './channel.ts';
import { addressOf, type ServerAddress } from './server-address.ts';

export class HttpsChannel implements Channel {
  readonly protocol = 'https';
  private readonly server: ServerAddress;
  private readonly options: ConnectionOptions;
  private session: ClientHttp2Session | undefined;
  private openedAt = 0;
  private usedAt = 0;

  constructor(server: ServerAddress, options: ConnectionOptions) {
    this.server = server;
    this.options = options;
  }

  ask(message: Buffer, receiver: Receiver): Outstanding {
    const request = new HttpsRequest(() => this.open(message), { message, receiver, address: addressOf(this.server) });
    request.start();
    return request;
  }

  /** Ends the connection when it has been idle or open for too long; requests on it are answered first. */
  sweep(): void {
    const { expire, maxAge } = this.options.settings;
    const now = this.options.now();
    if (now - this.usedAt > expire || (maxAge > 0 && now - this.openedAt > maxAge)) this.retire();
  }

  close(): void {
    this.session?.destroy();
    this.session = undefined;
  }

  private open(message: Buffer): { stream: ClientHttp2Stream; kept: boolean } {
    this.sweep();
    const kept = this.session !== undefined && !this.session.closed && !this.session.destroyed;
    this.options.counters[kept ? 'hits' : 'misses'].add();
    const session = kept && this.session !== undefined ? this.session : this.connect();
    this.usedAt = this.options.now();
    return { stream: request(session, this.options.settings.httpMethod, message), kept };
  }

  private connect(): ClientHttp2Session {
    const { sourceAddress, tls } = this.options.settings;
    const { serverName } = this.server;
    const session = process.getBuiltinModule('node:http2').connect(`https://${addressOf(this.server)}`, {
      ...tls,
      ...(serverName === '' ? {} : { servername: serverName }),
      ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
    });
    // The requests on it hear of its errors themselves.
    session.on('error', () => {});
    session.on('goaway', () => this.forget(session));
    session.on('close', () => this.forget(session));
    this.session = session;
    this.openedAt = this.options.now();
    return session;
  }

  private forget(session: ClientHttp2Session): void {
    if (this.session === session) this.session = undefined;
  }

  private retire(): void {
    this.session?.close();
    this.session = undefined;
  }
}

/** Ids are no use here and would keep caches from working: they are 0 (RFC 8484 section 4.1). */
function request(session: ClientHttp2Session, method: 'GET' | 'POST', message: Buffer): ClientHttp2Stream {
  const body = Buffer.from(message);
  body.writeUInt16BE(0, 0);
  if (method === 'GET') {
    return session.request({ ':method': 'GET', ':path': `${queryPath}?dns=${body.toString('base64url')}`, accept: messageType });
  }
  const headers = { ':method': 'POST', ':path': queryPath, accept: messageType, 'content-type': messageType, 'content-length': body.length };
  const stream = session.request(headers);
  stream.end(body);
  return stream;
}

/** One query. When a kept connection turns out to have ended, it is sent once more on a new one. */
class HttpsRequest implements Outstanding {
  private readonly open: () => { stream: ClientHttp2Stream; kept: boolean };
  private readonly about: { readonly message: Buffer; readonly receiver: Receiver; readonly address: string };
  private stream: ClientHttp2Stream | undefined;
  private done = false;
  private repeated = false;

  constructor(open: () => { stream: ClientHttp2Stream; kept: boolean }, about: { message: Buffer; receiver: Receiver; address: string }) {
    this.open = open;
    this.about = about;
  }

  start(): void {
    const { stream, kept } = this.open();
    const chunks: Buffer[] = [];
    let status = 0;
    let length = 0;
    let reason = 'EOF';
    this.stream = stream;
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxMessage) stream.close();
      else chunks.push(chunk);
    });
    stream.on('end', () => {
      if (status === 200) this.deliver(Buffer.concat(chunks));
    });
    stream.on('error', (error) => {
      reason = error.message;
    });
    stream.on('close', () => {
      if (this.done) return;
      if (kept && status === 0 && !this.repeated) {
        this.repeated = true;
        this.start();
      } else this.fail(status === 0 || status === 200 ? reason : `upstream answered with HTTP status ${status}`);
    });
  }

  close(): void {
    this.done = true;
    this.stream?.close();
  }

  describe(): string {
    return `read https ->${this.about.address}`;
  }

  private deliver(reply: Buffer): void {
    if (this.done || reply.length < 12) return;
    reply.set(this.about.message.subarray(0, 2));
    this.done = this.about.receiver.received(reply);
  }

  private fail(reason: string): void {
    this.done = true;
    this.about.receiver.failed(new Error(`${this.describe()}: ${reason}`));
  }
}
