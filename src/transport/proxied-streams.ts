// Takes the header of a proxy off a connection before anything else is read of it, the TLS handshake included.
import type { Socket } from 'node:net';
import type { Addresses } from './addresses.ts';
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts';
import type { ProxyPolicy, ProxySettings } from './proxy-settings.ts';

/** How a header is taken, and who goes on with the connection. */
export interface HeaderOptions {
  readonly proxy: ProxySettings;
  /** Milliseconds until the header has to be whole. */
  readonly patience: number;
  /** Is given the addresses that the proxy has told; undefined where it told none, or where they do not count. */
  readonly done: (addresses: Addresses | undefined) => void;
}

/** Reads the header that a connection may start with, then goes on; closes one whose header is malformed, not allowed, or not there in time. */
export function takeProxyHeader(socket: Socket, options: HeaderOptions): void {
  const policy = options.proxy.policy(socket.remoteAddress ?? '');
  if (policy === 'skip') options.done(undefined);
  else new HeaderReader(socket, policy, options).start();
}

class HeaderReader {
  private readonly socket: Socket;
  private readonly policy: Exclude<ProxyPolicy, 'skip'>;
  private readonly options: HeaderOptions;
  /** The socket forgets the address when it is closed. */
  private readonly from: string;
  private read: Buffer = Buffer.alloc(0);
  private timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, policy: Exclude<ProxyPolicy, 'skip'>, options: HeaderOptions) {
    this.socket = socket;
    this.policy = policy;
    this.options = options;
    this.from = socket.remoteAddress ?? '';
  }

  start(): void {
    this.timer = setTimeout(() => this.giveUp('the header was not whole in time'), this.options.patience);
    this.socket.on('readable', this.readable).on('end', this.ended).on('close', this.stop);
  }

  private readonly stop = (): void => {
    clearTimeout(this.timer);
    this.socket.off('readable', this.readable).off('end', this.ended).off('close', this.stop);
  };

  private readonly ended = (): void => this.giveUp('the connection ended within the header');

  private readonly readable = (): void => {
    const chunk: Buffer | null = this.socket.read();
    if (chunk === null) return;
    this.read = this.read.length === 0 ? chunk : Buffer.concat([this.read, chunk]);
    try {
      this.look();
    } catch (error) {
      this.giveUp((error as Error).message);
    }
  };

  private look(): void {
    const header = readProxyHeader(this.read);
    if (header === 'more') return;
    const addresses = header === 'none' ? undefined : this.judge(header);
    if (addresses === 'refused') return void this.refuse();
    this.stop();
    const rest = header === 'none' ? this.read : this.read.subarray(header.length);
    if (rest.length > 0) this.socket.unshift(rest);
    this.options.done(addresses);
  }

  private judge({ by, addresses }: ProxyHeader): Addresses | undefined | 'refused' {
    const { proxy } = this.options;
    if (this.policy === 'reject') {
      proxy.happened('rejected', this.from, 'a header from an address that may not send one');
      return 'refused';
    }
    if (by === 'datagram') throw new Error('the header is for a datagram, and came by a stream');
    if (this.policy === 'ignore') proxy.happened('ignored', this.from);
    else proxy.happened(addresses === undefined ? 'local' : 'used', this.from);
    return this.policy === 'use' ? addresses : undefined;
  }

  /** Nothing is wrong with a connection that has sent nothing. */
  private giveUp(why: string): void {
    if (this.read.length > 0) this.options.proxy.happened('malformed', this.from, why);
    this.refuse();
  }

  private refuse(): void {
    this.stop();
    this.socket.destroy();
  }
}
