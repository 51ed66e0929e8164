// DNS over TLS: certificates, client certificates, their renewal, and what is refused.
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { TcpClient } from '../support/client.ts';
import { queryMessage } from '../support/message.ts';
import { refusal } from '../support/refusal.ts';

const folder = join(import.meta.dirname, '../support/certificates');
const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
const authority = pem('authority.crt');
const files = { 'cert.pem': pem('server.crt'), 'key.pem': pem('server.key'), 'ca.pem': authority };
const operator = { cert: pem('operator.crt'), key: pem('operator.key') };
const stranger = { cert: pem('stranger.crt'), key: pem('stranger.key') };

function corefile(...lines: readonly string[]): string {
  return `tls://.:0 {\nroot {{DIR}}\n${lines.join('\n')}\nwhoami\n}\n`;
}

async function connect(port: number, tls: ConnectionOptions = {}): Promise<TcpClient> {
  return TcpClient.open({ port, tls: { ca: authority, servername: 'localhost', ...tls } });
}

/** The id of the answer to one query, undefined when the server closes instead. */
async function ask(port: number, tls: ConnectionOptions = {}): Promise<number | undefined> {
  try {
    const client = await connect(port, tls);
    client.send(queryMessage('example.org +id=7'));
    const reply = await client.next();
    client.close();
    return reply?.readUInt16BE(0);
  } catch {
    return undefined;
  }
}

describe('DNS over TLS', () => {
  test('answers several queries of one connection, and counts as TCP', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem', 'prometheus 127.0.0.1:0'), { files });
    const client = await connect(server.port, { ALPNProtocols: ['dot'] });
    for (const id of [1, 2, 3]) client.send(queryMessage(`example.org +id=${id}`));
    const ids = [await client.next(), await client.next(), await client.next()].map((reply) => reply?.readUInt16BE(0));
    expect(ids.sort()).toEqual([1, 2, 3]);
    client.close();
    expect(await server.metrics()).toMatch(
      /coredns_dns_requests_total\{family="1",proto="tcp",server="tls:\/\/127.0.0.1:0",type="A",view="",zone="."\} 3/,
    );
  });

  test('a client that offers another protocol only is turned away (RFC 7858 section 3.1)', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem'), { files });
    await expect(ask(server.port, { ALPNProtocols: ['http/1.1'] })).resolves.toBeUndefined();
  });

  test('TLS 1.1 is not spoken', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem'), { files });
    expect(await ask(server.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).toBeUndefined();
    expect(await ask(server.port, { maxVersion: 'TLSv1.2' })).toBe(7);
  });

  test('a connection has one handshake: TLS 1.2 is not negotiated anew', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem'), { files });
    const socket = connectTls({ port: server.port, ca: authority, servername: 'localhost', maxVersion: 'TLSv1.2' });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    const outcome = await new Promise<unknown>((resolve) => {
      socket.renegotiate({}, (error) => resolve(error ?? 'negotiated anew'));
      socket.on('close', () => resolve('closed'));
    });
    socket.destroy();
    expect(outcome).not.toBe('negotiated anew');
    expect(await ask(server.port)).toBe(7);
  });

  test('plain text, half a handshake and silence are ended and hold up nobody', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem', 'timeouts {\nread 1s\n}'), { files });
    const plain = await TcpClient.open({ port: server.port });
    plain.send(queryMessage('example.org +id=9'));
    const silent = connectTcp(server.port, '127.0.0.1').resume();
    const half = connectTcp(server.port, '127.0.0.1').resume();
    half.write(Buffer.from('16030100c8010000c40303', 'hex'));
    const ended = [silent, half].map((socket) => new Promise((resolve) => socket.on('close', resolve).on('error', () => {})));
    expect(await ask(server.port)).toBe(7);
    await plain.closed;
    await Promise.all(ended);
  });

  test.each([
    ['nocert', { none: 7, own: 7, other: 7 }],
    ['request', { none: 7, own: 7, other: 7 }],
    ['require', { none: undefined, own: 7, other: 7 }],
    ['verify_if_given', { none: 7, own: 7, other: undefined }],
    ['require_and_verify', { none: undefined, own: 7, other: undefined }],
  ])('client_auth %s', async (mode, { none, own, other }) => {
    await using server = await serve(corefile(`tls cert.pem key.pem ca.pem {\nclient_auth ${mode}\n}`), { files });
    expect([await ask(server.port), await ask(server.port, operator), await ask(server.port, stranger)]).toEqual([none, own, other]);
  });

  test('keylog writes the secrets of a session into the file', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem {\nkeylog secrets\n}'), { files });
    expect(await ask(server.port)).toBe(7);
    await expect.poll(() => readFileSync(join(server.directory, 'secrets'), 'utf8')).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} /m);
  });

  test('a reload keeps connections that are open', async () => {
    await using server = await serve(corefile('tls cert.pem key.pem'), { files });
    const client = await connect(server.port);
    await server.reload(corefile('tls cert.pem key.pem', 'log'));
    client.send(queryMessage('example.org +id=5'));
    expect((await client.next())?.readUInt16BE(0)).toBe(5);
    client.close();
    expect(await ask(server.port)).toBe(7);
  });
});

describe('a renewed certificate', () => {
  const renewed = { 'cert.pem': pem('renewed.crt'), 'key.pem': pem('renewed.key') };

  test('is served to new connections, and open ones go on', { timeout: 60_000 }, async () => {
    await using server = await serve(corefile('tls cert.pem key.pem', 'timeouts {\nread 60s\nidle 60s\n}'), { files });
    const serial = async () => {
      const client = await connect(server.port);
      const { serialNumber } = client.certificate ?? {};
      client.close();
      return serialNumber;
    };
    const before = await serial();
    const open = await connect(server.port);
    for (const [name, text] of Object.entries(renewed)) {
      writeFileSync(join(server.directory, `${name}.new`), text);
      renameSync(join(server.directory, `${name}.new`), join(server.directory, name));
    }
    await expect.poll(serial).not.toBe(before);
    open.send(queryMessage('example.org +id=6'));
    expect((await open.next())?.readUInt16BE(0)).toBe(6);
    open.close();
  });
});

describe('what is refused', () => {
  const place = `root ${folder}`;
  test.each([
    ['tls server.crt operator.key', 'could not load TLS certificates'],
    ['tls missing.crt server.key', 'ENOENT'],
    ['tls server.crt', 'expected tls CERT KEY [CA]'],
    ['tls a b c d', 'expected tls CERT KEY [CA]'],
    ['tls acme example.org', "'tls acme' is not supported"],
    ['tls server.crt server.key {\nclient_auth require_and_verify\n}', 'accepts nobody without CA'],
    ['tls server.crt server.key {\nclient_auth always\n}', "unexpected 'always'"],
  ])('%s', async (line, message) => {
    expect(await refusal(`tls://.:0 {\n${place}\n${line}\nwhoami\n}`)).toContain(message);
  });

  test('a certificate that has expired', async () => {
    expect(await refusal(`tls://.:0 {\n${place}\ntls expired.crt expired.key\nwhoami\n}`)).toMatch(/has expired at 2/);
  });

  test('an encrypted key without a certificate', async () => {
    expect(await refusal('tls://.:0 {\nwhoami\n}')).toContain("expected 'tls CERT KEY' in this server block");
  });

  test('two transports at one port, with both places', async () => {
    const message = await refusal(`.:18530 {\nwhoami\n}\ntls://.:18530 {\n${place}\ntls server.crt server.key\nwhoami\n}`);
    expect(message).toMatch(/Corefile:4.*cannot serve tls:\/\/127.0.0.1:18530 - dns:\/\/127.0.0.1:18530 at .*Corefile:1 has this port/);
  });

  test.each([
    ['quic', 'tls'],
    ['https3', 'https'],
  ])('%s://, with the reason and what to do', async (transport, instead) => {
    const message = await refusal(`${transport}://.:0 {\nwhoami\n}`);
    expect(message).toContain(`Corefile:1 - Error during parsing: transport ${transport}:// is not served: Node has no QUIC`);
    expect(message).toContain(`serve ${instead}:// instead`);
    expect(await refusal(`.:0 {\n${transport} {\nmax_streams 5\n}\nwhoami\n}`)).toContain(`'${transport}://' is not served, '${instead}://' is`);
  });
});
