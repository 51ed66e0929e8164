// One server to ask: the ways there, and whether it knows EDNS.
import { formatDuration } from '../config/duration.ts';
import type { Logger } from '../log/logger.ts';
import type { UdpClient } from '../transport/udp-socket.ts';
import type { Channel, ChannelCounters, ConnectionSettings, Protocol } from './channel.ts';
import { HttpsChannel } from './https.ts';
import { addressOf, type ServerAddress } from './server-address.ts';
import { StreamChannel } from './stream.ts';
import { UdpChannel } from './udp.ts';

/** Milliseconds for which a server that does not know EDNS is asked without. */
const plainTime = 300_000;
const protocols = { dns: 'tcp', tls: 'tcp-tls', https: 'https' } as const;

/** What a server is asked with. */
export interface RemoteServerContext {
  readonly settings: ConnectionSettings;
  readonly client: UdpClient;
  counters(protocol: Protocol): ChannelCounters;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly log: Pick<Logger, 'info'>;
}

export class RemoteServer {
  /** "HOST:PORT". */
  readonly address: string;
  private readonly udp: UdpChannel | undefined;
  private readonly stream: StreamChannel | HttpsChannel;
  private readonly now: () => number;
  private readonly log: RemoteServerContext['log'];
  /** Until when it is asked without EDNS. */
  private plainUntil = Number.NEGATIVE_INFINITY;

  constructor(server: ServerAddress, { settings, client, counters, now, log }: RemoteServerContext) {
    this.address = addressOf(server);
    this.now = now;
    this.log = log;
    const isPlain = server.transport === 'dns';
    this.udp = isPlain ? new UdpChannel(server, { client, source: settings.sourceAddress, counters: counters('udp'), now }) : undefined;
    const options = { settings, counters: counters(protocols[server.transport]), now };
    this.stream = server.transport === 'https' ? new HttpsChannel(server, options) : new StreamChannel(server, options);
  }

  /** The way to ask it: TCP where wanted, TLS or HTTPS wherever that is its transport. */
  channel(tcp: boolean): Channel {
    return tcp || this.udp === undefined ? this.stream : this.udp;
  }

  /** Whether it may know EDNS. */
  get takesEdns(): boolean {
    return this.plainUntil < 0 || this.now() >= this.plainUntil;
  }

  /** It answers without EDNS what it refuses with it, with this response code. */
  refusedEdns(rcode: string): void {
    this.plainUntil = this.now() + plainTime;
    this.log.info(`upstream ${this.address} replies ${rcode} to EDNS: for ${formatDuration(plainTime)} it is asked without`);
  }

  /** Takes over what the one that it replaces has learned. */
  inherit(previous: RemoteServer): void {
    this.plainUntil = previous.plainUntil;
  }

  /** Takes what will be needed when the system has nothing left to give. */
  open(): void {
    this.udp?.open();
  }

  /** Closes the connections that have been idle or open for too long. */
  sweep(): void {
    this.stream.sweep();
  }

  close(): void {
    this.udp?.close();
    this.stream.close();
  }
}
