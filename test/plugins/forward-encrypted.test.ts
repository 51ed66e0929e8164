import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer, type TLSSocket } from 'node:tls';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readMessage, writeMessage } from '../support/message.ts';

/** A key and a certificate for dns.example that signs itself, made for these tests and good for a hundred years. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2CiccWNRwaxSuDLx
mVeJvH6oHG4Brc1YMIZgPdmBIayhRANCAASHsfrN7tHVGlBITqfHYU5q2ezroJPs
06CfM7pX6Kql/LuozNn1gRmNqeLpVepWir9dmYesmoddsZEGSrvhc0xK
-----END PRIVATE KEY-----`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUI8bV8cc2S+4IBrb1UOfw1n0kJNEwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZG5zLmV4YW1wbGUwIBcNMjYxMTIzMDAzMDU0WhgPMjEyNjEw
MzAwMDMwNTRaMBYxFDASBgNVBAMMC2Rucy5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEh7H6ze7R1RpQSE6nx2FOatns66CT7NOgnzO6V+iqpfy7qMzZ
9YEZjani6VXqVoq/XZmHrJqHXbGRBkq74XNMSqNrMGkwHQYDVR0OBBYEFN9QZqlB
Vl9wcpdXbKdK1u7YoqIkMB8GA1UdIwQYMBaAFN9QZqlBVl9wcpdXbKdK1u7YoqIk
MA8GA1UdEwEB/wQFMAMBAf8wFgYDVR0RBA8wDYILZG5zLmV4YW1wbGUwCgYIKoZI
zj0EAwIDSQAwRgIhAJkhqGJdNghNDaTRFNrjlMtBos0sq6fc7d4+PlIxJWtmAiEA
jOPhVPrGstRUyYrQ2sZa6QPukPl55ZJ/rmsZxbJNDhQ=
-----END CERTIFICATE-----`;
const files = { 'ca.pem': cert };

const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port;
const answerTo = (query: Buffer): Buffer => {
  const { id, questions } = readMessage(query);
  return writeMessage({ id, flags: ['qr', 'rd', 'ra'], questions, answer: [`${questions[0]?.name} 60 A 192.0.2.1`] });
};
const forwardTo = async (to: string, options = ''): Promise<TestServer> => {
  const server = await serve(`.:0 {\n errors\n forward . ${to} {\n tls ca.pem\n max_fails 0\n ${options}\n}\n}`, { files });
  onTestFinished(() => server.stop());
  return server;
};

/** Answers every query over TLS; ends a connection after `perConnection` answers. */
const tlsUpstream = async (perConnection = Number.POSITIVE_INFINITY) => {
  const connections: TLSSocket[] = [];
  const server = createServer({ key, cert }, (socket) => {
    connections.push(socket);
    let answers = 0;
    socket.on('error', () => {});
    socket.on('data', (frame: Buffer) => {
      const reply = answerTo(frame.subarray(2));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
      if (++answers >= perConnection) socket.end();
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { port: portOf(server), connections };
};

/** Answers every query over HTTPS, or with this status. */
const httpsUpstream = async (status = 200) => {
  const requests: { method: string | undefined; path: string | undefined; id: number }[] = [];
  const sessions: { destroy(): void }[] = [];
  const server = createSecureServer({ key, cert });
  server.on('session', (session) => sessions.push(session));
  server.on('stream', async (stream: ServerHttp2Stream, headers) => {
    const { ':method': method, ':path': path } = headers;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const query = method === 'GET' ? Buffer.from(path?.split('=')[1] ?? '', 'base64url') : Buffer.concat(chunks);
    requests.push({ method, path: path?.split('?')[0], id: query.readUInt16BE(0) });
    stream.respond({ ':status': status, 'content-type': 'application/dns-message' });
    stream.end(answerTo(query));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const disconnect = () => {
    for (const session of sessions.splice(0)) session.destroy();
  };
  onTestFinished(() => {
    disconnect();
    server.close();
  });
  return { port: portOf(server), requests, sessions, disconnect };
};

test('an upstream is asked over TLS, on connections that are used again', async () => {
  const upstream = await tlsUpstream();
  const server = await forwardTo(`tls://127.0.0.1:${upstream.port}`, 'tls_servername dns.example');
  for (let i = 0; i < 3; i++) expect((await server.ask('www.example.org')).answers).toEqual(['www.example.org. 60 IN A 192.0.2.1']);
  expect(upstream.connections).toHaveLength(1);
  expect(await server.metrics()).toMatch(/conn_cache_hits_total\{proto="tcp-tls",[^}]*\} 2/);
});

test('a kept TLS connection that the upstream has ended is replaced silently', async () => {
  const upstream = await tlsUpstream(1);
  const server = await forwardTo(`tls://127.0.0.1%dns.example:${upstream.port}`);
  for (let i = 0; i < 3; i++) expect((await server.ask('www.example.org')).answers).toHaveLength(1);
  expect(upstream.connections).toHaveLength(3);
});

test('an upstream whose certificate has another name gets no query', async () => {
  const upstream = await tlsUpstream();
  const server = await forwardTo(`tls://127.0.0.1:${upstream.port}`, 'tls_servername other.example');
  expect((await server.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(server.lines.join('\n')).toContain("does not match certificate's altnames");
});

test.each(['GET', 'POST'])('an upstream is asked over HTTPS by %s with the id 0, all queries on one connection', async (method) => {
  const upstream = await httpsUpstream();
  const server = await forwardTo(`https://127.0.0.1:${upstream.port}`, `tls_servername dns.example\n doh_method ${method}`);
  for (let i = 0; i < 3; i++) expect((await server.ask('www.example.org')).answers).toHaveLength(1);
  expect(upstream.requests).toEqual(Array.from({ length: 3 }, () => ({ method, path: '/dns-query', id: 0 })));
  expect(upstream.sessions).toHaveLength(1);
});

test('a connection for HTTPS that the upstream has ended is replaced', async () => {
  const upstream = await httpsUpstream();
  const server = await forwardTo(`https://127.0.0.1:${upstream.port}`, 'tls_servername dns.example');
  expect((await server.ask('www.example.org')).answers).toHaveLength(1);
  upstream.disconnect();
  expect((await server.ask('www.example.org')).answers).toHaveLength(1);
});

test('an HTTP status that is no success is a failure', async () => {
  const upstream = await httpsUpstream(503);
  const server = await forwardTo(`https://127.0.0.1:${upstream.port}`, 'tls_servername dns.example');
  expect((await server.ask('www.example.org')).rcode).toBe('SERVFAIL');
  expect(server.lines.join('\n')).toContain('upstream answered with HTTP status 503');
});
