// A scripted DNS server for tests: UDP and TCP on one free port of 127.0.0.1, answers by script, remembers what it was asked.
//   const upstream = await startUpstream({ 'www.example.org A': ['www.example.org 300 A 192.0.2.1'], '* *': 'NXDOMAIN' });
//   upstream.endpoint  → '127.0.0.1:40123';   upstream.asked → [{ text: 'udp www.example.org. IN A rd', … }];   await upstream.stop();
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { frame } from './client.ts';
import { type Message, readMessage, type TestOpt, type TestQuestion, writeMessage } from './message.ts';
import { soon } from './soon.ts';

/** What the upstream does with a question. Without anything else it replies NOERROR, with `rd` and `cd` as asked, and `ra`. */
export interface Answer {
  readonly rcode?: string;
  /** Flags besides `qr` and the copied `rd` and `cd`; `['ra']` unless given. */
  readonly flags?: readonly string[];
  /** Records as lines of text: `NAME TTL TYPE DATA`. */
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  /** OPT of the reply; unless given, a query with EDNS gets one of size 1232 with its own DO bit. `false`: never any. */
  readonly opt?: Partial<TestOpt> | false;
  /** Milliseconds before the reply leaves. */
  readonly delay?: number;
  /** Says nothing at all. */
  readonly drop?: boolean;
  /** Over UDP only the header, question and TC leave; TCP gets the whole answer. */
  readonly truncate?: boolean;
  /** Added to the id of the query, so that any number but 0 is a wrong id. */
  readonly idOffset?: number;
  /** Replaces the question of the reply; `[]` leaves it out. */
  readonly questions?: readonly TestQuestion[];
  /** The reply as hex instead of all the above; `....` at the start stands for the id of the query. */
  readonly raw?: string;
  /** Replies that leave before this one, each in its own datagram or frame. */
  readonly before?: readonly Answer[];
  /** Milliseconds between the replies of `before` and this one. */
  readonly pause?: number;
  /** Over UDP: sends this reply from another port of the same address, or from the same port of 127.0.0.2. */
  readonly from?: 'other port' | 'other address';
  /** Over TCP: closes the connection `'instead'` of replying or `'after'` the reply; `'reset'` sends RST instead of replying. */
  readonly close?: 'instead' | 'after' | 'reset';
  /** What differs over one transport. */
  readonly udp?: Answer;
  readonly tcp?: Answer;
}
/** Lines of text = that answer section; a word = that rcode; a function is called with what was asked. */
export type Reaction = readonly string[] | string | Answer | ((asked: Asked) => Answer);
/**
 * Reactions by `NAME TYPE` (any case, trailing dot optional); `*` for the name (also `*.example.org`) or the type matches all.
 * Tried in the order of the script, exact keys first. `{ sequence: […] }`: one after the other, the last one stays.
 * Nothing fits: REFUSED.
 */
export type Script = Readonly<Record<string, Reaction | { readonly sequence: readonly Reaction[] }>>;

/** One question that reached the upstream. */
export interface Asked {
  readonly transport: 'udp' | 'tcp';
  readonly message: Message;
  readonly bytes: Buffer;
  /** `udp www.example.org. IN A rd ad, opt 4096 do 10:0011` – id left out. */
  readonly text: string;
  /** Number of the TCP connection, counted from 1; 0 for UDP. */
  readonly connection: number;
  /** The port it came from. */
  readonly from: number;
}

export interface UpstreamOptions {
  readonly address?: string;
  /** A fixed port, to come back at the place where another one stopped; free unless given. */
  readonly port?: number;
}

/** Starts a scripted upstream; `script` may be exchanged while it runs. */
export async function startUpstream(script: Script = {}, options: UpstreamOptions = {}): Promise<Upstream> {
  const address = options.address ?? '127.0.0.1';
  for (let attempt = 0; ; attempt++) {
    const tcp = createServer();
    tcp.listen(options.port ?? 0, address);
    await once(tcp, 'listening');
    const bound = tcp.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    try {
      udp.bind(port, address);
      await once(udp, 'listening');
      return new Upstream({ script, udp, tcp, address, port });
    } catch (error) {
      udp.close();
      tcp.close();
      if (attempt === 20 || options.port !== undefined) throw error;
    }
  }
}

interface UpstreamParts {
  readonly script: Script;
  readonly udp: UdpSocket;
  readonly tcp: Server;
  readonly address: string;
  readonly port: number;
}

/** A running scripted upstream. */
export class Upstream {
  script: Script;
  readonly address: string;
  readonly port: number;
  /** Everything it was asked, in order of arrival; may be emptied by the test. */
  readonly asked: Asked[] = [];
  /** TCP connections accepted so far. */
  connections = 0;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  readonly #turns = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(parts: UpstreamParts) {
    this.script = parts.script;
    this.address = parts.address;
    this.port = parts.port;
    this.#udp = parts.udp;
    this.#tcp = parts.tcp;
    this.#udp.on('message', (bytes, from) => this.#onDatagram(bytes, from));
    this.#tcp.on('connection', (socket) => this.#onConnection(socket));
  }

  get endpoint(): string {
    return this.address.includes(':') ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`;
  }

  /** Waits until `count` questions have arrived; rejects after `timeout` milliseconds. */
  async wait(count: number, timeout = soon.timeout): Promise<void> {
    const deadline = performance.now() + timeout;
    while (this.asked.length < count) {
      if (performance.now() > deadline) throw new Error(`upstream was asked ${this.asked.length} times, expected ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Closes sockets and connections at once; later questions meet a closed port. May be called twice. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  #onDatagram(bytes: Buffer, from: RemoteInfo): void {
    const send = (reply: Buffer, answer: Answer): void => {
      if (answer.from === undefined) this.#udp.send(reply, from.port, from.address, () => undefined);
      else this.#sendFromElsewhere(reply, from, answer.from);
    };
    this.#react({ bytes, transport: 'udp', connection: 0, from: from.port, send, close: () => undefined });
  }

  #sendFromElsewhere(reply: Buffer, to: RemoteInfo, where: NonNullable<Answer['from']>): void {
    const socket = createSocket('udp4');
    const own = where === 'other port' ? { port: 0, address: this.address } : { port: this.port, address: '127.0.0.2' };
    socket.bind(own, () => socket.send(reply, to.port, to.address, () => socket.close()));
  }

  #onConnection(socket: Socket): void {
    const connection = ++this.connections;
    const from = socket.remotePort ?? 0;
    let buffered = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const end = 2 + buffered.readUInt16BE(0);
        const bytes = buffered.subarray(2, end);
        buffered = buffered.subarray(end);
        const close = (how: Answer['close']): unknown => (how === 'reset' ? socket.resetAndDestroy() : socket.destroySoon());
        this.#react({ bytes, transport: 'tcp', connection, from, send: (reply) => socket.write(frame(reply)), close });
      }
    });
  }

  #react(arrival: Arrival): void {
    const { bytes, transport, connection, from } = arrival;
    const message = readMessage(bytes);
    const asked: Asked = { transport, message, bytes, connection, from, text: askedText(transport, message) };
    this.asked.push(asked);
    const { udp, tcp, ...common } = this.#answerTo(asked);
    const answer = { ...common, ...(transport === 'udp' ? udp : tcp) };
    if (answer.drop === true) return;
    const { before = [], pause = 0, delay = 0 } = answer;
    this.#later(delay, () => {
      for (const earlier of before) reply(arrival, asked, earlier);
      this.#later(pause, () => reply(arrival, asked, answer));
    });
  }

  #later(milliseconds: number, run: () => void): void {
    if (milliseconds === 0) {
      run();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #answerTo(asked: Asked): Answer {
    const question = asked.message.questions[0];
    if (question === undefined) return { rcode: 'FORMERR' };
    const name = question.name.toLowerCase();
    const fitting = Object.keys(this.script).filter((key) => keyFits(key, name, question.type));
    const key = fitting.find((each) => !each.includes('*')) ?? fitting[0];
    const entry = key === undefined ? undefined : this.script[key];
    if (key === undefined || entry === undefined) return { rcode: 'REFUSED' };
    if (typeof entry !== 'object' || !('sequence' in entry)) return answerOf(entry, asked);
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    return answerOf(entry.sequence[Math.min(turn, entry.sequence.length - 1)] ?? 'REFUSED', asked);
  }
}

interface Arrival {
  readonly bytes: Buffer;
  readonly transport: 'udp' | 'tcp';
  readonly connection: number;
  readonly from: number;
  send(reply: Buffer, answer: Answer): void;
  close(how: Answer['close']): void;
}

function keyFits(key: string, name: string, type: string): boolean {
  const [pattern = '*', keyType = '*'] = key.toLowerCase().split(' ');
  if (keyType !== '*' && keyType !== type.toLowerCase()) return false;
  const wanted = pattern.endsWith('.') || pattern === '*' ? pattern : `${pattern}.`;
  return wanted === '*' || wanted === name || (wanted.startsWith('*.') && name.endsWith(wanted.slice(1)));
}

function answerOf(reaction: Reaction, asked: Asked): Answer {
  if (typeof reaction === 'function') return reaction(asked);
  if (typeof reaction === 'string') return { rcode: reaction };
  return isLines(reaction) ? { answer: reaction } : reaction;
}

const isLines = (reaction: readonly string[] | Answer): reaction is readonly string[] => Array.isArray(reaction);

function reply(arrival: Arrival, asked: Asked, answer: Answer): void {
  const close = asked.transport === 'tcp' ? answer.close : undefined;
  if (close !== undefined && close !== 'after') {
    arrival.close(close);
    return;
  }
  arrival.send(replyBytes(asked, answer), answer);
  if (close === 'after') arrival.close(close);
}

function replyBytes({ message, bytes, transport }: Asked, answer: Answer): Buffer {
  const id = bytes.toString('hex', 0, 2);
  if (answer.raw !== undefined) return Buffer.from(answer.raw.replaceAll(/\s/g, '').replace(/^\.{4}/, id), 'hex');
  const cut = answer.truncate === true && transport === 'udp';
  const flags = ['qr', ...['rd', 'cd'].filter((flag) => message.flags.includes(flag)), ...(answer.flags ?? ['ra']), ...(cut ? ['tc'] : [])];
  const given = answer.opt ?? (message.opt === undefined ? false : { do: message.opt.do });
  return writeMessage({
    id: (message.id + (answer.idOffset ?? 0)) & 0xffff,
    opcode: message.opcode,
    flags,
    rcode: answer.rcode ?? 'NOERROR',
    questions: answer.questions ?? message.questions,
    ...(cut ? {} : { answer: answer.answer ?? [], authority: answer.authority ?? [], additional: answer.additional ?? [] }),
    opt: given === false ? undefined : given,
  });
}

function askedText(transport: string, { questions, flags, opt, opcode }: Message): string {
  const asked = questions.map((question) => `${question.name} ${question.class} ${question.type}`).join(', ');
  const head = [transport, asked, ...(opcode === 0 ? [] : [`opcode ${opcode}`]), ...flags].join(' ');
  if (opt === undefined) return head;
  const options = opt.options.map(({ code, data }) => `${code}:${data}`);
  return `${head}, opt ${[opt.size, ...(opt.version === 0 ? [] : [`version ${opt.version}`]), ...(opt.do ? ['do'] : []), ...options].join(' ')}`;
}
