// Clients that other people wrote, over every transport: kdig, dig, curl, grpcurl.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { queryMessage, readMessage } from '../support/message.ts';
import { needs } from './needs.ts';

const kdig = () => needs('kdig', 'apt-get install knot-dnsutils');
const dig = () => needs('dig', 'apt-get install bind9-dnsutils');
const curl = () => needs('curl', 'apt-get install curl');
const grpcurl = () => needs('grpcurl', 'go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3');
const folder = join(import.meta.dirname, '../support/certificates');
const authority = join(folder, 'authority.crt');
const hosts = 'hosts {\n192.0.2.1 www.example.org\n127.0.0.1 here.example.org\n}';

function start(scheme: string): Promise<TestServer> {
  const tls = scheme === '' ? '' : `tls ${folder}/server.crt ${folder}/server.key`;
  return serve(`${scheme}.:0 {\n${tls}\n${hosts}\n}\n`);
}

async function run(program: string, words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...words], { timeout: 60_000 });
  return stdout;
}

const secured = [`+tls-ca=${authority}`, '+tls-hostname=localhost'];

test.each<[string, () => string, string, readonly string[]]>([
  ['kdig', kdig, '', []],
  ['kdig +tcp', kdig, '', ['+tcp', '+keepopen']],
  ['kdig +tls', kdig, 'tls://', ['+tls', ...secured]],
  ['kdig +https', kdig, 'https://', ['+https=/dns-query', ...secured]],
  ['kdig +https-get', kdig, 'https://', ['+https=/dns-query', '+https-get', ...secured]],
  ['dig', dig, '', []],
  ['dig +tcp', dig, '', ['+tcp']],
  ['dig +tls', dig, 'tls://', ['+tls', ...secured]],
  ['dig +https', dig, 'https://', ['+https', ...secured]],
  ['dig +https-get', dig, 'https://', ['+https-get', ...secured]],
])('%s', async (_, program, scheme, words) => {
  await using server = await start(scheme);
  const told = await run(program(), ['@127.0.0.1', '-p', String(server.port), ...words, '+short', 'www.example.org', 'A', 'www.example.org', 'A']);
  expect(told.trim().split(/\s+/)).toEqual(['192.0.2.1', '192.0.2.1']);
});

test('curl --doh-url', async () => {
  const web = createServer((_request, response) => response.end('found by name')).listen(0, '127.0.0.1');
  await using server = await start('https://');
  await new Promise((resolve) => (web.listening ? resolve(undefined) : web.once('listening', resolve)));
  const { port } = web.address() as { port: number };
  const doh = ['--doh-url', `https://localhost:${server.port}/dns-query`, '--cacert', authority];
  const page = await run(curl(), ['--silent', '--show-error', '--noproxy', '*', ...doh, `http://here.example.org:${port}/`]);
  web.close();
  expect(page).toBe('found by name');
  expect(await server.metrics()).toMatch(/coredns_dns_https_responses_total\{.*status="200"\} [1-9]/);
});

test('grpcurl', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'grpcurl-'));
  try {
    writeFileSync(
      join(directory, 'dns.proto'),
      'syntax = "proto3";\npackage coredns.dns;\nmessage DnsPacket { bytes msg = 1; }\nservice DnsService { rpc Query (DnsPacket) returns (DnsPacket); }\n',
    );
    await using server = await start('grpc://');
    const query = JSON.stringify({ msg: queryMessage('www.example.org A +id=7').toString('base64') });
    const proto = ['-import-path', directory, '-proto', 'dns.proto', '-d', query, '-cacert', authority, '-authority', 'localhost'];
    const told = await run(grpcurl(), [...proto, `127.0.0.1:${server.port}`, 'coredns.dns.DnsService/Query']);
    const reply = readMessage(Buffer.from((JSON.parse(told) as { msg: string }).msg, 'base64'));
    expect(reply).toMatchObject({ id: 7, rcode: 'NOERROR', answer: [{ data: '192.0.2.1' }] });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
