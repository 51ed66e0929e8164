// The same questions over every transport that a server listens on.
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { serve } from '../../src/testing/index.ts';
import { readPacket, writePacket } from '../../src/transport/grpc-packet.ts';
import { listenerTransports } from '../../src/transport/transports.ts';
import { TcpClient, UdpClient } from './client.ts';
import { type Message, queryMessage, readMessage } from './message.ts';

const folder = join(import.meta.dirname, 'certificates');
const ca = readFileSync(join(folder, 'authority.crt'));
/** Milliseconds until silence is an answer. */
const patience = 1000;

/** UDP, and the name of every scheme; that of `dns` is TCP. */
export const everyTransport: readonly string[] = ['udp', ...listenerTransports.map((transport) => (transport === 'dns' ? 'tcp' : transport))];

/** The answers of a server with these lines in its block, undefined where none came; each question on a connection of its own. */
export async function askEverywhere(transport: string, lines: string, questions: readonly string[]): Promise<(Message | undefined)[]> {
  const isPlain = transport === 'udp' || transport === 'tcp';
  const block = isPlain ? `.:0 {\n${lines}\n}\n` : `${transport}://.:0 {\ntls ${folder}/server.crt ${folder}/server.key\n${lines}\n}\n`;
  await using server = await serve(block);
  const answers: (Message | undefined)[] = [];
  for (const question of questions) {
    const bytes = await (ways[transport] as Way)(server.port, queryMessage(question));
    answers.push(bytes === undefined ? undefined : readMessage(bytes));
  }
  return answers;
}

type Way = (port: number, message: Buffer) => Promise<Buffer | undefined>;

const ways: Readonly<Record<string, Way>> = {
  udp: async (port, message) => await over(await UdpClient.open({ port }), message),
  tcp: async (port, message) => await over(await TcpClient.open({ port }), message),
  tls: async (port, message) => await over(await TcpClient.open({ port, tls: { ca, servername: 'localhost' } }), message),
  https: overHttps,
  grpc: overGrpc,
};

async function over(client: UdpClient | TcpClient, message: Buffer): Promise<Buffer | undefined> {
  client.send(message);
  const reply = await client.next(patience);
  client.close();
  return reply;
}

function overHttps(port: number, message: Buffer): Promise<Buffer | undefined> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername: 'localhost' });
  return new Promise((resolve) => {
    const end = (reply?: Buffer) => {
      session.destroy();
      resolve(reply);
    };
    session.on('error', () => end());
    const stream = session.request({ ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' });
    const pieces: Buffer[] = [];
    let status = 0;
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => end(status === 200 ? Buffer.concat(pieces) : undefined));
    stream.on('error', () => end());
    stream.setTimeout(patience, () => end());
    stream.end(message);
  });
}

function overGrpc(port: number, message: Buffer): Promise<Buffer | undefined> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(ca), { 'grpc.ssl_target_name_override': 'localhost' });
  return new Promise((resolve) => {
    const deadline = Date.now() + patience;
    client.makeUnaryRequest('/coredns.dns.DnsService/Query', writePacket, readPacket, message, { deadline }, (_error: unknown, reply?: Buffer) => {
      client.close();
      resolve(reply);
    });
  });
}
