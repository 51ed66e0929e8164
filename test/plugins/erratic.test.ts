import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { TcpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';

async function transfer(lines: string): Promise<string[]> {
  await using server = await serve(`example.org:0 {\nerratic {\n${lines}\n}\n}`);
  const client = await TcpClient.open({ port: server.port });
  client.send(queryMessage('example.org AXFR +tcp'));
  client.finish();
  const types: string[] = [];
  for (let message = await client.next(); message !== undefined; message = await client.next()) {
    types.push(...readMessage(message).answer.map(({ type }) => type));
  }
  client.close();
  return types.sort();
}

test('a zone transfer begins and ends with the SOA record; one that is truncated lacks the last one', async () => {
  expect(await transfer('drop 0')).toEqual(['AAAA', 'AAAA', 'NS', 'NS', 'SOA', 'SOA']);
  expect(await transfer('drop 0\ntruncate 3')).toEqual(['AAAA', 'AAAA', 'NS', 'NS', 'SOA']);
});

test('large answers have thirty addresses', async () => {
  await using server = await serve('.:0 {\nerratic {\ndrop 0\nlarge\n}\n}');
  expect((await server.ask('a.test', 'A', { transport: 'tcp' })).answers).toHaveLength(30);
});
