// Several processes that answer as one: members are looked at once, and all processes name the same ones.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { ask } from '../support/http.ts';
import { tcpService } from '../support/services.ts';

test('every process names the members that the first one found well, after a reload as well, and those that an operator leads back to', async () => {
  const one = await tcpService({ address: '127.0.0.1' });
  await using _two = await tcpService({ address: '127.0.0.2', port: one.port });
  const corefile = (ttl: number) => `. {
    multisocket 2
    pool www.example.org {
      member 127.0.0.1
      member 127.0.0.2 backup
      check tcp ${one.port} interval 200ms dwell 0s
      ttl ${ttl}
      failback manual
      admin 127.0.0.1:0
    }
  }`;
  await using server = await serve(corefile(5));
  // Each question comes from a port of its own, by which the system chooses the process.
  const answers = async () => {
    const asked = await Promise.all(Array.from({ length: 24 }, () => server.ask('www.example.org')));
    return [...new Set(asked.flatMap((answer) => answer.answers))];
  };
  expect(await answers()).toEqual(['www.example.org. 5 IN A 127.0.0.1']);
  await one.stop();
  await expect.poll(answers).toEqual(['www.example.org. 5 IN A 127.0.0.2']);
  await server.reload(corefile(6));
  expect(await answers()).toEqual(['www.example.org. 6 IN A 127.0.0.2']);
  const visits = one.visits;
  // Ten looks are two seconds of one process, and would be a third of that of three.
  const started = performance.now();
  await one.start();
  await expect.poll(() => one.visits - visits).toBeGreaterThanOrEqual(10);
  expect(performance.now() - started).toBeGreaterThan(9 * 180 - 300);
  expect(await answers()).toEqual(['www.example.org. 6 IN A 127.0.0.2']);
  const order = { path: '/pools/www.example.org/failback', method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const failback = () => ask({ port: server.server.httpPort('127.0.0.1:0'), ...order });
  await expect.poll(async () => (await failback()).status).toBe(200);
  await expect.poll(answers).toEqual(['www.example.org. 6 IN A 127.0.0.1']);
});

test('failback after a time reaches every process, whichever of them is asked', async () => {
  const one = await tcpService({ address: '127.0.0.1' });
  await using _two = await tcpService({ address: '127.0.0.2', port: one.port });
  await using server = await serve(`. {
    multisocket 2
    pool www.example.org {
      member 127.0.0.1
      member 127.0.0.2 backup
      check tcp ${one.port} interval 200ms dwell 0s
      failback after 500ms
    }
  }`);
  const answers = async () => {
    const asked = await Promise.all(Array.from({ length: 24 }, () => server.ask('www.example.org')));
    return [...new Set(asked.flatMap((answer) => answer.answers))];
  };
  await one.stop();
  await expect.poll(answers).toEqual(['www.example.org. 10 IN A 127.0.0.2']);
  await one.start();
  await expect.poll(answers).toEqual(['www.example.org. 10 IN A 127.0.0.1']);
  await one.stop();
});
