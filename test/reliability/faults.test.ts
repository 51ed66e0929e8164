// What `npm run faults` measures with real load, on a small scale: what is lost, and what comes before what.
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts';

const well: Script = { '. NS': [], '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }) };
const silent: Script = { '* *': { drop: true } };

async function upstreamWith(script: Script, port?: number): Promise<Upstream> {
  const upstream = await startUpstream(script, port === undefined ? {} : { port });
  onTestFinished(() => upstream.stop());
  return upstream;
}

async function serverWith(lines: readonly string[]): Promise<TestServer> {
  const server = await serve(`.:0 {\n${lines.join('\n')}\n}`);
  onTestFinished(() => server.stop());
  return server;
}

/** Asks for so many names that nobody has asked for; gives the response codes that came. */
async function askMany(server: TestServer, prefix: string, count = 40): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => server.ask(`${prefix}${index}.example.org`)));
  return new Set(answers.map(({ rcode }) => rcode));
}

test('one of two upstreams that says nothing costs no query, and is asked no more', async () => {
  const [ill, other] = [await upstreamWith(silent), await upstreamWith(well)];
  const server = await serverWith([`forward . ${ill.endpoint} ${other.endpoint} {\npolicy round_robin\n}`]);
  expect(await askMany(server, 'first')).toEqual(new Set(['NOERROR']));
  expect(await askMany(server, 'then')).toEqual(new Set(['NOERROR']));
  // One a second at most, in case it answers no checks; half of them if it were not avoided.
  expect(ill.asked.filter(({ message }) => message.questions[0]?.name.startsWith('then')).length).toBeLessThan(20);
});

test('one of two upstreams that is killed costs no query, and is asked again when it is back', async () => {
  const [ill, other] = [await upstreamWith(well), await upstreamWith(well)];
  const server = await serverWith([`forward . ${ill.endpoint} ${other.endpoint} {\npolicy round_robin\nhealth_check 20ms\n}`]);
  expect(await askMany(server, 'before')).toEqual(new Set(['NOERROR']));
  await ill.stop();
  expect(await askMany(server, 'meanwhile')).toEqual(new Set(['NOERROR']));
  const back = await upstreamWith(well, ill.port);
  let round = 0;
  await expect
    .poll(async () => {
      round += 1;
      expect(await askMany(server, `after${round}-`, 4)).toEqual(new Set(['NOERROR']));
      return back.asked.some(({ message }) => message.questions[0]?.name.startsWith('after'));
    })
    .toBe(true);
});

test('while all upstreams say nothing, what needs none is answered before the first failure, which says why', async () => {
  const upstream = await upstreamWith(well);
  const server = await serverWith([
    'hosts {\n192.0.2.53 local.example.org\nfallthrough\n}',
    'cache',
    `forward . ${upstream.endpoint} {\nread_timeout 1s\n}`,
  ]);
  await server.ask('kept.example.org');
  upstream.script = silent;
  const order: string[] = [];
  const note = async (name: string) => {
    const answer = await server.ask(name, 'A', { udpSize: 1232 });
    order.push(`${name} ${answer.rcode}`);
    return answer;
  };
  const [{ extendedErrors }] = await Promise.all([note('new.example.org'), note('kept.example.org'), note('local.example.org')]);
  expect(order).toHaveLength(3);
  expect(order.slice(0, 2).sort()).toEqual(['kept.example.org NOERROR', 'local.example.org NOERROR']);
  expect(order[2]).toBe('new.example.org SERVFAIL');
  expect(extendedErrors.map(({ code }) => code)).toEqual([23]);
  upstream.script = well;
  await expect.poll(async () => (await server.ask('again.example.org')).rcode).toBe('NOERROR');
});

test('a configuration with a mistake that comes under load costs no query', async () => {
  const upstream = await upstreamWith(well);
  const lines = [`forward . ${upstream.endpoint}`];
  const server = await serverWith(lines);
  const asking = askMany(server, 'under', 200);
  await expect(server.reload(`.:0 {\n${lines.join('\n')}\ncash 30\n}`)).rejects.toThrow('cash');
  expect(await asking).toEqual(new Set(['NOERROR']));
  expect(await askMany(server, 'after')).toEqual(new Set(['NOERROR']));
});

test('an upstream that sends a forged reply before each right one forges nothing', async () => {
  const forged = ['* 60 A 203.0.113.66'];
  const liar: Script = {
    '. NS': [],
    '* A': ({ message }) => {
      const name = message.questions[0]?.name ?? '.';
      const right = { answer: [`${name} 60 A 192.0.2.1`] };
      const lie = forged.map((record) => record.replace('*', name));
      return { ...right, before: [{ answer: lie, idOffset: 1 }, { answer: lie, questions: [] }, { raw: '....ff' }], pause: 5 };
    },
  };
  const upstream = await upstreamWith(liar);
  const server = await serverWith([`forward . ${upstream.endpoint}`]);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => server.ask(`lie${index}.example.org`)));
  expect(answers.map(({ answers: records }) => records)).toEqual(answers.map((_, index) => [`lie${index}.example.org. 60 IN A 192.0.2.1`]));
});
