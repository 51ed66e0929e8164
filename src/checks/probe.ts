// Looks once whether a service at an address is well: by a connection, an HTTP request, a DNS query, or by asking its agent.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { messageOf } from '../config/error.ts';
import { headerFlag } from '../dns/codes.ts';
import type { Name } from '../dns/name.ts';
import { makeQuery } from '../dns/own-query.ts';

/** How to look. What is at fault is the service's address, which is not part of it: one probe serves many addresses. */
export type Probe =
  /** Well when it takes a connection. */
  | { readonly kind: 'tcp'; readonly port: number }
  /** Well when it replies with this status, or with one from 200 to 399. `host` is the Host header. */
  | { readonly kind: 'http'; readonly port: number; readonly path: string; readonly host: string; readonly status?: number }
  /** Well when it replies NOERROR with a record. */
  | { readonly kind: 'dns'; readonly port: number; readonly name: Name; readonly type: string }
  /** Says itself how it is, in a line of HAProxy's agent-check words. */
  | { readonly kind: 'agent'; readonly port: number };

/** What was found. */
export interface Finding {
  readonly ok: boolean;
  /** Why not; of an agent, what it said. */
  readonly text: string;
}

/** Octets of an agent's line that are read at most. */
const longestLine = 1024;

/** Looks once; never rejects. Silence for `timeout` milliseconds is a finding as well. */
export function probe(address: string, what: Probe, timeout: number): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  let close = (): void => {};
  const timer = setTimeout(() => resolve({ ok: false, text: `no reply in ${timeout} ms` }), timeout);
  try {
    close = open[what.kind](address, what as never, resolve);
  } catch (error) {
    resolve({ ok: false, text: messageOf(error) });
  }
  return promise.finally(() => {
    clearTimeout(timer);
    close();
  });
}

/** What is looked at, in a word or two: "tcp 80", "http :80/healthz", "dns 53 www.example.org. A", "agent 9707". */
export function describeProbe(what: Probe): string {
  if (what.kind === 'http') return `http :${what.port}${what.path}`;
  return what.kind === 'dns' ? `dns ${what.port} ${what.name} ${what.type}` : `${what.kind} ${what.port}`;
}

type Done = (finding: Finding) => void;

/** Each starts to look and returns how to stop. */
const open: { readonly [K in Probe['kind']]: (address: string, what: Extract<Probe, { kind: K }>, done: Done) => () => void } = {
  tcp(address, { port }, done) {
    const socket = connect({ host: address, port });
    socket.on('connect', () => done({ ok: true, text: '' }));
    socket.on('error', ({ message }) => done({ ok: false, text: message }));
    return () => socket.destroy();
  },

  http(address, { port, path, host, status }, done) {
    const headers = { host, 'user-agent': 'ferrydns', connection: 'close' };
    const asked = process.getBuiltinModule('node:http').request({ host: address, port, path, headers, agent: false }, (response) => {
      const code = response.statusCode ?? 0;
      const ok = status === undefined ? code >= 200 && code < 400 : code === status;
      done({ ok, text: ok ? '' : `status ${code}, expected ${status ?? '200 to 399'}` });
    });
    asked.on('error', ({ message }) => done({ ok: false, text: message }));
    asked.end();
    return () => asked.destroy();
  },

  dns(address, { port, name, type }, done) {
    const id = randomInt(0x10000);
    const family = isIPv6(address) ? 6 : 4;
    const client = { address, port, family, transport: 'udp', localAddress: '', localPort: 0 } as const;
    const question = makeQuery({ name, type, client, receivedAt: 0 }).toWire(id);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('error', ({ message }) => done({ ok: false, text: message }));
    socket.on('message', (reply) => judgeReply(reply, question, done));
    // Given to connect itself, it would be called when that fails as well.
    socket.on('connect', () => socket.send(question));
    socket.connect(port, address);
    return () => socket.close();
  },

  agent(address, { port }, done) {
    const socket = connect({ host: address, port });
    let said = '';
    const finish = () => done(/\S/.test(said) ? { ok: true, text: said.split(/[\r\n]/, 1)[0] ?? '' } : { ok: false, text: 'it said nothing' });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      said += chunk;
      if (/[\r\n]/.test(said) || said.length > longestLine) finish();
    });
    socket.on('end', finish);
    socket.on('error', ({ message }) => done({ ok: false, text: message }));
    return () => socket.destroy();
  },
};

function judgeReply(reply: Buffer, question: Buffer, done: Done): void {
  if (reply.length < 12 || reply.readUInt16BE(0) !== question.readUInt16BE(0)) return;
  const flags = reply.readUInt16BE(2);
  if ((flags & headerFlag.response) === 0) return;
  const rcode = flags & headerFlag.rcode;
  // A truncated reply shows that the server is up, though its records may be missing.
  const ok = rcode === 0 && (reply.readUInt16BE(6) > 0 || (flags & headerFlag.truncated) !== 0);
  done({ ok, text: ok ? '' : `rcode ${rcode} with ${reply.readUInt16BE(6)} records, expected NOERROR with one` });
}
