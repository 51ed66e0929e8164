// The UDP client by system calls: sockets are kept, but each query gets one that has just been given another port.
import { endpoint } from '../endpoint.ts';
import { type Receiver, socketError, type UdpClient, type UdpPeer, type UdpRoute, type UdpSocket } from '../udp-socket.ts';
import { ClientAddresses, ClientDescriptor, copyOf, copyReceived } from './client-descriptor.ts';
import { errorName, systemError } from './library.ts';
import { Poller } from './poller.ts';

/** Sockets without a port that one route keeps for queries to come. */
const maxKept = 256;
/** Milliseconds after which those are closed that were not needed for as long. */
const keptFor = 5000;
/** Times in a row that the poller is asked before timers and other sockets have their turn. */
const pollsPerTurn = 4;

/** All sockets of a client share one poller, which the event loop watches. */
export class NativeUdpClient implements UdpClient {
  readonly kind = 'batch';
  private readonly poller = new Poller();
  private readonly stopWatching: () => Promise<void>;
  private readonly routes: NativeRoute[] = [];
  /** The sockets by the slot that the poller knows them by. */
  private readonly sockets: (NativeSocket | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private generation = 0;
  /** How often the poller was asked so far. */
  polls = 0;
  private closed = false;
  private readonly tidying = setInterval(() => this.tidy(), keptFor).unref();

  constructor() {
    try {
      this.stopWatching = this.poller.watch(() => this.receive());
    } catch (error) {
      clearInterval(this.tidying);
      this.poller.close();
      throw error;
    }
  }

  routeTo(peer: UdpPeer): UdpRoute {
    const route = new NativeRoute(this, peer);
    this.routes.push(route);
    return route;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.tidying);
    void this.stopWatching();
    for (const socket of this.sockets) socket?.discard();
    this.poller.close();
  }

  /** Gives a new socket its ticket. Throws the system's error. */
  register(socket: NativeSocket): void {
    if (this.closed) throw systemError('socket', 9);
    const slot = this.freeSlots.pop() ?? this.sockets.length;
    this.generation = (this.generation + 1) | 0;
    socket.slot = slot;
    socket.generation = this.generation;
    this.sockets[slot] = socket;
    this.poller.add(socket.descriptor.fd, slot, this.generation);
  }

  forget(socket: NativeSocket): void {
    if (this.sockets[socket.slot] !== socket) return;
    this.sockets[socket.slot] = undefined;
    this.freeSlots.push(socket.slot);
  }

  private tidy(): void {
    for (const route of this.routes) route.closeUnneeded();
  }

  private receive(): void {
    const { poller } = this;
    for (let turn = 0; turn < pollsPerTurn; turn++) {
      this.polls++;
      const count = poller.poll();
      for (let event = 0; event < count; event++) {
        const socket = this.sockets[poller.slot(event)];
        // The report may be about a socket that was closed since, whose slot another one has now.
        if (socket !== undefined && socket.generation === poller.generation(event)) socket.receive();
      }
      if (count === poller.maxEvents) continue;
      if (count >= 0) for (const route of this.routes) route.rested(this.polls);
      return;
    }
  }
}

/** The sockets of one peer. */
class NativeRoute implements UdpRoute {
  connected = 0;
  /**
   * Sockets that have given their port back but may still hold what came before, in the order in which they did. Those that the poller does not
   * name the next time hold nothing, and are clean; the others are closed.
   */
  private readonly resting: NativeSocket[] = [];
  readonly client: NativeUdpClient;
  /** "HOST:PORT". */
  readonly peer: string;
  private readonly addresses: ClientAddresses;
  private readonly clean: NativeSocket[] = [];
  /** How many of them were there at all times since it was looked last. */
  private unneeded = 0;

  constructor(client: NativeUdpClient, { address, port, source }: UdpPeer) {
    this.client = client;
    this.peer = endpoint({ address, port });
    this.addresses = new ClientAddresses(address, port, source);
  }

  connect(receiver: Receiver): UdpSocket {
    const socket = this.clean.pop() ?? this.emptied() ?? this.open();
    this.unneeded = Math.min(this.unneeded, this.clean.length);
    const result = socket.descriptor.connect();
    if (result < 0) {
      socket.discard();
      throw systemError('connect', -result);
    }
    socket.receiver = receiver;
    socket.expected = 0;
    this.connected++;
    return socket;
  }

  /** Keeps a socket that is not needed for now, or closes it. */
  release(socket: NativeSocket): void {
    this.connected--;
    const full = this.clean.length + this.resting.length >= maxKept;
    if (full || socket.descriptor.disconnect() < 0) {
      socket.discard();
      return;
    }
    socket.restsSince = this.client.polls;
    this.resting.push(socket);
  }

  /** The poller was asked for the `polls`th time and has named all that hold something. */
  rested(polls: number): void {
    let count = 0;
    for (const socket of this.resting) {
      if (socket.restsSince >= polls) break;
      count++;
      if (socket.descriptor.fd >= 0) this.clean.push(socket);
    }
    if (count > 0) this.resting.splice(0, count);
  }

  /** Gives the system back what a burst of queries has left: others may need the descriptors. */
  closeUnneeded(): void {
    for (const socket of this.clean.splice(0, this.unneeded)) socket.discard();
    this.unneeded = this.clean.length;
  }

  /** A socket that is still resting, when reading shows that it holds nothing. */
  private emptied(): NativeSocket | undefined {
    for (let socket = this.resting.pop(); socket !== undefined; socket = this.resting.pop()) {
      if (isAgain(socket.descriptor.receive())) return socket;
      socket.discard();
    }
    return undefined;
  }

  private open(): NativeSocket {
    const descriptor = new ClientDescriptor(this.addresses);
    const socket = new NativeSocket(this, descriptor);
    try {
      this.client.register(socket);
    } catch (error) {
      socket.discard();
      throw error;
    }
    return socket;
  }
}

class NativeSocket implements UdpSocket {
  readonly descriptor: ClientDescriptor;
  /** Undefined while nobody uses it. */
  receiver: Receiver | undefined;
  /** How many replies it may get. */
  expected = 0;
  slot = -1;
  generation = 0;
  /** How often the poller had been asked when it gave its port back. */
  restsSince = 0;
  private readonly route: NativeRoute;

  constructor(route: NativeRoute, descriptor: ClientDescriptor) {
    this.route = route;
    this.descriptor = descriptor;
  }

  get local(): string {
    const name = this.descriptor.local();
    return name === undefined ? '' : endpoint(name);
  }

  send(message: Uint8Array): void {
    this.expected++;
    const result = this.descriptor.send(message);
    if (result < 0) this.failSoon(-result);
  }

  sendAll(messages: readonly Uint8Array[]): void {
    this.expected += messages.length;
    for (let sent = 0; sent < messages.length; ) {
      const result = this.descriptor.sendSome(messages, sent);
      if (result < 0) {
        this.failSoon(-result);
        return;
      }
      sent += result;
    }
  }

  close(): void {
    if (this.receiver === undefined) return;
    this.receiver = undefined;
    this.route.release(this);
  }

  describe(): string {
    return `read udp ${this.local}->${this.route.peer}`;
  }

  /** Takes what has come, or the error that stands in its place; the poller names the socket again as long as there is more. */
  receive(): void {
    const { receiver } = this;
    if (receiver === undefined) {
      this.discard();
      return;
    }
    if (this.expected > 1) {
      this.receiveSome(receiver);
      return;
    }
    const length = this.descriptor.receive();
    if (length < 0) this.receiveFailed(receiver, -length);
    else if (receiver.received(copyReceived(length)) && this.receiver === receiver) this.close();
  }

  private receiveSome(receiver: Receiver): void {
    const count = this.descriptor.receiveSome();
    if (count < 0) this.receiveFailed(receiver, -count);
    // The receiver may ask others, and close this socket, but nobody receives meanwhile: the datagrams stay where they are.
    for (let slot = 0; slot < count && this.receiver === receiver; slot++) {
      if (receiver.received(copyOf(slot)) && this.receiver === receiver) this.close();
    }
  }

  /** Closes it for good. */
  discard(): void {
    if (this.receiver !== undefined) this.route.connected--;
    this.receiver = undefined;
    this.descriptor.close();
    this.route.client.forget(this);
  }

  private receiveFailed(receiver: Receiver, errno: number): void {
    if (!isAgain(-errno)) this.fail(receiver, systemError('read', errno));
  }

  /** Whoever sends does not have the socket in hand yet. */
  private failSoon(errno: number): void {
    const { receiver } = this;
    queueMicrotask(() => {
      if (receiver !== undefined && this.receiver === receiver) this.fail(receiver, systemError('send', errno));
    });
  }

  private fail(receiver: Receiver, error: NodeJS.ErrnoException): void {
    const failure = socketError(this.describe(), error);
    this.close();
    receiver.failed(failure);
  }
}

/** Whether the result of receiving says that nothing is there. */
function isAgain(result: number): boolean {
  return result < 0 && errorName(-result) === 'EAGAIN';
}
