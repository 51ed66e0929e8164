// What runs, and what is pasted: a Corefile and a plan, checked in a process of its own.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { askConsole, bearer, consoleBlock, operatorToken, post, readerToken, serveConsole, tokenFiles, told } from '../support/console.ts';

const check = '/configuration/check';
const tokens = ['token {{DIR}}/operators', 'reader {{DIR}}/readers'];

describe('what runs', () => {
  test('is told with its text, its warnings and its blocks', async () => {
    await using server = await serve(`a.org {\n whoami\n}\n${consoleBlock([], ['errors', 'nsid x{$NOBODY_SETS_THIS}', 'whoami'])}`);
    const { file, text, loaded, warnings, blocks } = told(await askConsole(server, '/configuration'));
    expect(file).toBe(join(server.directory, 'Corefile'));
    expect(text).toContain('console 127.0.0.1:0');
    expect(Date.parse(loaded)).toBeGreaterThan(0);
    expect(warnings).toEqual([expect.objectContaining({ file, line: 8, message: expect.stringContaining('NOBODY_SETS_THIS') })]);
    expect(blocks).toMatchObject([
      { zone: 'a.org.', plugins: ['whoami'], place: `${file}:1` },
      { zone: '.', plugins: ['nsid', 'console', 'errors', 'whoami'], place: `${file}:4` },
    ]);
  });

  test('is told with the last reload, and the files that it has changed', async () => {
    const block = consoleBlock(tokens, ['whoami', 'import part']);
    await using server = await serve(block, { files: { ...tokenFiles, part: 'nsid one # dns_password hunter2\n' } });
    const seenBy = async (token: string) => told(await askConsole(server, '/configuration', { headers: bearer(token) })).reload;
    expect(await seenBy(operatorToken)).toBeNull();
    writeFileSync(join(server.directory, 'part'), 'nsid two # dns_password hunter2\n');
    await server.reload(block);
    const { at, forced, outlook, changed } = await seenBy(operatorToken);
    expect(at).toBe(told(await askConsole(server, '/reload', { headers: bearer(operatorToken) })).loaded.at);
    expect({ forced, outlook, changed }).toEqual({
      forced: false,
      outlook: null,
      changed: [{ file: join(server.directory, 'part'), before: 'nsid one # dns_password hunter2\n', after: 'nsid two # dns_password hunter2\n' }],
    });
    expect((await seenBy(readerToken)).changed).toMatchObject([{ before: 'nsid one # dns_password ***\n', after: 'nsid two # dns_password ***\n' }]);
    // One that changes another file leaves nothing of it, and one that leaves a file out says so.
    await server.reload(block.replace(' import part\n', ''));
    expect((await seenBy(operatorToken)).changed).toMatchObject([{ file: join(server.directory, 'Corefile') }, { after: '' }]);
  });

  test('is told to those who may only read without what lets in elsewhere', async () => {
    const directives = ['header {', '  response set x-api-token Tr0ub4dor', '}', '# dns_password hunter2', 'forward . 192.0.2.53'];
    await using server = await serveConsole(
      tokens,
      directives.filter((line) => !line.includes('header') && !line.includes('response') && line !== '}'),
    );
    const text = async (token: string) => told(await askConsole(server, '/configuration', { headers: bearer(token) })).text;
    expect(await text(operatorToken)).toContain('hunter2');
    expect(await text(readerToken)).not.toContain('hunter2');
    expect(await text(readerToken)).toContain('forward . 192.0.2.53');
  });
});

describe('a Corefile that is pasted', () => {
  afterEach(() => {
    delete process.env['CONSOLE_TEST_SECRET'];
  });

  test('is told every problem at its place', async () => {
    await using server = await serveConsole();
    const { ok, problems } = told(await askConsole(server, check, post({ text: '. {\n cache {\n  nonsense\n }\n forwad . 192.0.2.53\n}\n' })));
    const file = join(server.directory, 'Corefile');
    expect(ok).toBe(false);
    expect(problems).toMatchObject([
      { file, line: 3, column: 3, message: expect.stringMatching(/^plugin\/cache: /) },
      { file, line: 5, column: 2, message: expect.stringContaining("did you mean 'forward'?") },
    ]);
  });

  test('that is well is told what is odd about it, and nothing changes', async () => {
    await using server = await serveConsole();
    const checked = told(await askConsole(server, check, post({ text: 'a.org {\n nsid x{$NOBODY_SETS_THIS}\n whoami\n}\n' })));
    expect(checked).toMatchObject({ ok: true, problems: [], warnings: [{ line: 2, message: expect.stringContaining('NOBODY_SETS_THIS') }] });
    expect((await server.ask('other.example')).rcode).toBe('NOERROR');
    expect(told(await askConsole(server, '/configuration')).text).not.toContain('a.org');
  });

  test('who may only read sees no credentials in why a reload was refused', async () => {
    await using server = await serveConsole(['token operators', 'reader readers']);
    const next = consoleBlock(['token operators', 'reader readers'], ['whoami', 'acme api_token hunter2']);
    await expect(server.reload(next)).rejects.toThrow('acme');
    const seenBy = async (token: string) => told(await askConsole(server, '/reload', { headers: bearer(token) })).refused.reason;
    expect(await seenBy(operatorToken)).toContain('acme api_token hunter2');
    expect(await seenBy(readerToken)).toContain('acme api_token ***');
    expect(await seenBy(readerToken)).not.toContain('hunter2');
  });

  test('tells what it would change for what was asked of late, where that is kept', async () => {
    const hosts = (address: string) => ['querylog', 'hosts {', `  ${address} www.example.org`, '}'];
    await using server = await serve(consoleBlock([], hosts('192.0.2.1')));
    await server.ask('www.example.org');
    const { outlook } = told(await askConsole(server, check, post({ text: consoleBlock([], hosts('192.0.2.2')) })));
    expect(outlook).toMatchObject({
      asked: 1,
      changed: 1,
      changes: [{ name: 'www.example.org.', before: expect.stringContaining('192.0.2.1'), after: expect.stringContaining('192.0.2.2') }],
    });
    expect(told(await askConsole(server, check, post({ text: '. {\n nonsense\n}\n' }))).outlook).toBeNull();
    await using other = await serveConsole();
    expect(told(await askConsole(other, check, post({ text: '. {\n whoami\n}\n' }))).outlook).toBeNull();
  });

  test('may import what runs does, and nothing else', async () => {
    const files = { part: 'whoami\n', secret: 'root:hash\n' };
    await using server = await serveConsole([], ['import part'], files);
    expect(told(await askConsole(server, check, post({ text: '. {\n import part\n}\n' })))).toMatchObject({ ok: true });
    const { ok, problems } = told(await askConsole(server, check, post({ text: `. {\n import ${server.directory}/secret\n}\n` })));
    expect(ok).toBe(false);
    expect(JSON.stringify(problems)).toContain('which what runs does not');
    expect(JSON.stringify(problems)).not.toContain('hash');
  });

  test('loads no code', async () => {
    const files = {
      'evil.js': "import { writeFileSync } from 'node:fs'; writeFileSync(new URL('./done', import.meta.url), ''); export default {};\n",
    };
    await using server = await serveConsole([], undefined, files);
    const text = `{\n plugin evil ${server.directory}/evil.js before cache\n}\n. {\n evil\n whoami\n}\n`;
    const { ok, problems } = told(await askConsole(server, check, post({ text })));
    expect([ok, problems[0].message]).toEqual([false, expect.stringContaining('loads other plugins from outside')]);
    await expect(import('node:fs').then(({ statSync }) => statSync(join(server.directory, 'done')))).rejects.toThrow('ENOENT');
  });

  test('does not show what the environment holds', async () => {
    process.env['CONSOLE_TEST_SECRET'] = 'Tr0ub4dor with spaces';
    process.env['CONSOLE_TEST_OTHER'] = 'not named by what runs';
    await using server = await serve(consoleBlock([], ['# {$CONSOLE_TEST_SECRET}', 'whoami']));
    const checked = await askConsole(server, check, post({ text: '. {\n forward . {$CONSOLE_TEST_SECRET}\n nsid x{$CONSOLE_TEST_OTHER}\n}\n' }));
    expect(told(checked)).toMatchObject({ ok: false });
    expect(checked.body).toContain('{$CONSOLE_TEST_SECRET}');
    expect(checked.body).not.toMatch(/tr0ub4dor|not named by what runs/i);
    delete process.env['CONSOLE_TEST_OTHER'];
  });

  test('that imports what never ends is given up, and queries are answered meanwhile', async () => {
    await using server = await serveConsole();
    const pipe = join(server.directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const checking = askConsole(server, check, post({ text: `. {\n import ${pipe}\n whoami\n}\n` }));
    // It can be opened when somebody has begun to read.
    await using _unwritten = await open(pipe, 'w');
    expect((await server.ask('a.example')).rcode).toBe('NOERROR');
    expect(await askConsole(server, check, post({ text: '. {\n whoami\n}\n' }))).toMatchObject({ status: 503 });
    expect(await checking).toMatchObject({ status: 503, body: expect.stringContaining('not checked within 20 s') });
    expect(told(await askConsole(server, check, post({ text: '. {\n whoami\n}\n' })))).toMatchObject({ ok: true });
  }, 120_000);

  test.each([
    ['nothing', {}],
    ['no text', { text: 7 }],
    ['another field', { text: '', write: true }],
    ['no JSON', 'rubbish'],
  ])('with %s is 400', async (_, body) => {
    await using server = await serveConsole();
    expect((await askConsole(server, check, post(body))).status).toBe(400);
    expect((await askConsole(server, '/plans/check', post(body))).status).toBe(400);
  });

  test('is for operators, as it reads files', async () => {
    await using server = await serve(consoleBlock(tokens), { files: tokenFiles });
    expect((await askConsole(server, check, post({ text: '' }, bearer(readerToken)))).status).toBe(403);
  });
});

describe('a plan that is pasted', () => {
  const plan = 'names: www.example.org\nmode: blend\nfrom: 192.0.2.1\nto: 192.0.2.2\nttl: 30\ntransition_ttl: 5\n';

  test('is told what it will do, and drawn', async () => {
    await using server = await serve(consoleBlock(tokens), { files: tokenFiles });
    const checked = told(await askConsole(server, '/plans/check', post({ text: plan, clients: 100 }, bearer(readerToken))));
    expect(checked).toMatchObject({
      ok: true,
      mode: 'blend',
      names: [{ name: 'www.example.org.', from: ['192.0.2.1'], to: ['192.0.2.2'] }],
      forecast: { phases: expect.arrayContaining([expect.objectContaining({ phase: 'lowering' })]), untilOff: expect.any(Number) },
    });
    const { onA, onB, every } = checked.curve;
    expect([onA[0], onB.at(-1)]).toEqual([100, 100]);
    expect(onA.length).toBeLessThanOrEqual(400);
    expect(every).toBeGreaterThanOrEqual(1);
  });

  test('is told its problems at their place', async () => {
    await using server = await serveConsole();
    const { ok, problems } = told(await askConsole(server, '/plans/check', post({ text: 'names: www.example.org\nfrom: 192.0.2.1\nnonsense: 1\n' })));
    expect(ok).toBe(false);
    expect(problems).toEqual(expect.arrayContaining([expect.objectContaining({ file: 'plan', line: 3 })]));
  });

  test.each([0, 100_001, 1.5, 'many'])('for %s clients is refused', async (clients) => {
    await using server = await serveConsole();
    expect((await askConsole(server, '/plans/check', post({ text: plan, clients }))).status).toBe(400);
  });
});
