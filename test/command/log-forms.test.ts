// The process log in its forms: text, JSON, and with the priorities that journald reads.
import { spawnSync } from 'node:child_process';
import { fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, freePort } from 'ferrydns/testing';
import { describe, expect, test, vi } from 'vitest';
import { Program, startProgram } from '../support/program.ts';
import { soon } from '../support/soon.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const serving = (port: number, ...lines: readonly string[]) => `.:${port} {\nbind 127.0.0.1\n${lines.join('\n')}\nwhoami\n}\n`;

const objects = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('-log json', () => {
  test.each(['', 'multisocket 2'])('writes every line as an object, and the queries of `format json` beside them %s', async (line) => {
    const port = await freePort();
    const files = { Corefile: serving(port, line, 'log {\n format json\n}', 'errors', 'thrower'), 'thrower.ts': thrower };
    files.Corefile = `{\nplugin thrower ./thrower.ts\n}\n${files.Corefile}`;
    await using server = await startProgram({ files, words: ['-log', 'json'] });
    await ask({ port, name: 'www.test' });
    await vi.waitFor(
      () => expect(objects(server.output.out)).toContainEqual(expect.objectContaining({ name: 'www.test.', rcode: 'SERVFAIL' })),
      soon,
    );
    server.process.kill('SIGTERM');
    await server.ended;
    const lines = objects(server.output.out);
    for (const { time } of lines) expect(new Date(String(time)).toISOString()).toBe(time);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', message: expect.stringContaining('thrown "here"') }));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'info', message: 'SIGTERM: Shutting down servers then terminating' }));
    expect(lines).toContainEqual({ time: expect.any(String), level: 'info', message: expect.stringContaining('FerryDNS-') });
  });

  test('writes why the start is refused as one object', async () => {
    await using server = new Program({ files: { Corefile: serving(0, 'nonsense', 'cache 0') }, words: ['-log=json'] });
    expect(await server.ended).toBe(1);
    expect(objects(server.output.error)).toEqual([{ time: expect.any(String), level: 'fatal', message: expect.stringContaining('nonsense') }]);
  });

  test('says which plugin it is', async () => {
    const port = await freePort();
    await using server = await startProgram({ files: { Corefile: serving(port, 'errors', 'forward . 127.0.0.1:9') }, words: ['-log', 'json'] });
    await ask({ port, name: 'www.test' });
    await vi.waitFor(() => expect(objects(server.output.out)).toContainEqual(expect.objectContaining({ level: 'error', plugin: 'errors' })), soon);
  });

  test('another word is refused', async () => {
    await using server = new Program({ files: { Corefile: serving(0) }, words: ['-log', 'xml'] });
    expect(await server.ended).toBe(1);
    expect(server.output.error).toContain('invalid value "xml" for flag -log, expected text or json');
  });
});

describe('a log that goes to the journal', () => {
  test.each([
    ['has priorities instead of levels', true, [], /^<6>FerryDNS-.*\n<6>\w+\/\w+, node /m],
    ['has none when JOURNAL_STREAM names another stream', false, [], /^FerryDNS-/m],
    ['is text when -log says so', true, ['-log', 'text'], /^FerryDNS-/m],
  ])('%s', async (_name, same, words, start) => {
    await using journal = new Journal();
    journal.run(serving(0, 'loop'), words, same);
    expect(journal.text).toMatch(start);
  });

  test('a refused start has the priority of an end, on each of its lines', async () => {
    await using journal = new Journal();
    journal.run(serving(0, 'nonsense'), [], true);
    expect(journal.text).toMatch(/nonsense/);
    for (const line of journal.text.trimEnd().split('\n')) expect(line).toMatch(/^<2>/);
  });
});

const thrower = `import { definePlugin } from 'ferrydns/plugin';
export default definePlugin({
  name: 'thrower', summary: 'throws', config: {}, order: { before: 'whoami' },
  setup: () => ({ handle: () => { throw new Error('thrown "here"\\n{"level":"forged"}'); } }),
});`;

/** A file that stands for the socket of journald: both streams of the program are written into it. */
class Journal implements AsyncDisposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ferrydns-journal-'));
  private readonly fd = openSync(join(this.folder, 'journal'), 'a');

  /** Runs a server until it serves, or has ended. */
  run(corefile: string, words: readonly string[], same: boolean): void {
    const { dev, ino } = fstatSync(this.fd, { bigint: true });
    writeFileSync(join(this.folder, 'Corefile'), corefile);
    // What the shell itself has to say of the end of the program does not belong into the journal.
    const script = `node=$1; shift; "$node" "$@" & pid=$!; exec 2>/dev/null
for i in $(seq 1200); do grep -q 'FerryDNS-' journal && break; kill -0 $pid || break; sleep 0.05; done
kill $pid; wait $pid`;
    spawnSync('sh', ['-c', script, 'sh', process.execPath, main, '-conf', 'Corefile', ...words], {
      cwd: this.folder,
      stdio: ['ignore', this.fd, this.fd],
      env: { ...process.env, JOURNAL_STREAM: same ? `${dev}:${ino}` : `${dev}:1` },
    });
  }

  get text(): string {
    return readFileSync(join(this.folder, 'journal'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
