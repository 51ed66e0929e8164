// Takes the headers of proxies off datagrams: who asks is whom the header names, and the reply goes back to the proxy.
import { type Addresses, Ends } from './addresses.ts';
import type { Answerer, Peer } from './answerer.ts';
import { readProxyHeader } from './proxy-header.ts';
import { ProxySessions } from './proxy-sessions.ts';
import type { ProxyPolicy, ProxySettings } from './proxy-settings.ts';
import type { StreamSettings } from './stream-settings.ts';

/** What is left of a datagram without its header: where the message starts, and who asks it. */
interface Unwrapped {
  readonly start: number;
  readonly peer: Peer;
}

/** Stands before the server where proxies may be in front of its UDP sockets. */
export class DatagramUnwrapper implements Answerer {
  private readonly answerer: Answerer;
  private readonly settings: () => StreamSettings;
  private sessions: ProxySessions | undefined;

  constructor(answerer: Answerer, settings: () => StreamSettings) {
    this.answerer = answerer;
    this.settings = settings;
  }

  answer(wire: Uint8Array, start: number, end: number, peer: Peer, out: Uint8Array): number {
    const { proxy } = this.settings();
    if (proxy === undefined) return this.answerer.answer(wire, start, end, peer, out);
    const unwrapped = this.unwrap(wire.subarray(start, end), peer, proxy);
    if (unwrapped === undefined) return 0;
    return this.answerer.answer(wire, start + unwrapped.start, end, unwrapped.peer, out);
  }

  /** Undefined for a datagram that is dropped. */
  private unwrap(datagram: Uint8Array, peer: Peer, proxy: ProxySettings): Unwrapped | undefined {
    const policy = proxy.policy(peer.address);
    if (policy === 'skip') return { start: 0, peer };
    try {
      return this.take(datagram, peer, { proxy, policy });
    } catch (error) {
      proxy.happened('malformed', peer.address, (error as Error).message);
      return undefined;
    }
  }

  private take(datagram: Uint8Array, peer: Peer, { proxy, policy }: { proxy: ProxySettings; policy: ProxyPolicy }): Unwrapped | undefined {
    const header = readProxyHeader(datagram);
    const sessions = policy === 'use' ? this.sessionsOf(proxy) : undefined;
    if (header === 'none') return { start: 0, peer: proxied(peer, sessions?.find(peer)) };
    if (header === 'more') throw new Error('the datagram ends within the header');
    if (header.version === 1 || header.by === 'stream') throw new Error('the header is for a stream, and came by a datagram');
    if (policy === 'reject') {
      proxy.happened('rejected', peer.address, 'a header from an address that may not send one');
      return undefined;
    }
    const { addresses, length: start } = header;
    if (policy === 'ignore') proxy.happened('ignored', peer.address);
    else proxy.happened(addresses === undefined ? 'local' : 'used', peer.address);
    if (policy === 'use' && addresses !== undefined) sessions?.keep(peer, addresses);
    // A header alone begins a session, and asks nothing.
    if (start === datagram.length) return undefined;
    return { start, peer: policy === 'use' ? proxied(peer, addresses) : peer };
  }

  private sessionsOf({ sessions, now }: ProxySettings): ProxySessions | undefined {
    if (sessions === undefined) this.sessions = undefined;
    else if (this.sessions?.limits !== sessions) this.sessions = new ProxySessions(sessions, now, this.sessions);
    return this.sessions;
  }
}

function proxied(peer: Peer, addresses: Addresses | undefined): Peer {
  return addresses === undefined ? peer : new ProxiedPeer(peer, addresses);
}

/** A client behind a proxy. */
class ProxiedPeer extends Ends implements Peer {
  readonly transport: Peer['transport'];
  private readonly proxy: Peer;

  constructor(proxy: Peer, addresses: Addresses) {
    super(addresses);
    this.proxy = proxy;
    this.transport = proxy.transport;
  }

  send(message: Uint8Array): void {
    this.proxy.send(message);
  }

  sendNothing(): void {
    this.proxy.sendNothing();
  }
}
