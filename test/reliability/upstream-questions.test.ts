// What upstreams are asked, and how often: hard to guess for those who would forge replies, and once for those who ask the same.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { type Target, UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { type Asked, startUpstream } from '../support/upstream.ts';

const anyAddress = { '* A': ({ message }: Asked) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }) };

test('ids and source ports of 2,000 questions are random (RFC 5452 sections 4.2, 4.3, 9.2)', async () => {
  const upstream = await startUpstream(anyAddress);
  await using server = await serve(`.:0 {\n forward . ${upstream.endpoint}\n}`);
  const names = Array.from({ length: 2000 }, (_, i) => `n${i}.test A`);
  expect((await askAll(server, names)).map(({ rcode }) => rcode)).toEqual(names.map(() => 'NOERROR'));
  const ids = upstream.asked.map(({ message }) => message.id);
  const ports = upstream.asked.map(({ from }) => from);
  await upstream.stop();
  expect(ids).toHaveLength(2000);
  // 2,000 draws of 65,536 have 1,970 different values on average.
  expect(new Set(ids).size).toBeGreaterThanOrEqual(1950);
  expect(new Set(ports).size).toBeGreaterThanOrEqual(256);
  expect(ids.filter((id, i) => i > 0 && id === (((ids[i - 1] ?? 0) + 1) & 0xffff)).length, 'ids one above the last').toBeLessThan(5);
});

test('200 clients who ask the same at the same time cost one question (CVE-2024-33655)', async () => {
  const upstream = await startUpstream({ 'a.test A': { delay: 500, answer: ['a.test 60 A 192.0.2.1'] } });
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint} {\n read_timeout 4s\n}\n}`);
  const replies = await askAll(
    server,
    Array.from({ length: 200 }, () => 'a.test A'),
    200,
  );
  await upstream.stop();
  expect(replies.filter(({ answer }) => answer[0]?.data === '192.0.2.1')).toHaveLength(200);
  expect(upstream.asked).toHaveLength(1);
});

/** Asks over one socket, so many at a time; the replies by their place among the questions. */
async function askAll(target: Target, questions: readonly string[], atATime = 100): Promise<ReturnType<typeof readMessage>[]> {
  const client = await UdpClient.open(target);
  const replies: ReturnType<typeof readMessage>[] = [];
  for (let start = 0; start < questions.length; start += atATime) {
    const batch = questions.slice(start, start + atATime);
    for (const [i, question] of batch.entries()) client.send(queryMessage(`${question} +id=${start + i}`));
    for (let i = 0; i < batch.length; i++) {
      const bytes = await client.next();
      if (bytes === undefined) break;
      replies[bytes.readUInt16BE(0)] = readMessage(bytes);
    }
  }
  client.close();
  return replies;
}
