// The page of the console as it is built: small, and nothing in it that a strict Content-Security-Policy refuses or that leaves the machine.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPage } from '../../scripts/page.ts';

/** Octets of all files as they are sent. */
const most = 150 * 1024;
const folder = join(mkdtempSync(join(tmpdir(), 'ferrydns-page-')), 'page');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
let assets: string[];

beforeAll(async () => {
  await buildPage(folder);
  assets = readdirSync(join(folder, 'assets'))
    .filter((file) => /\.(js|css|svg)$/.test(file))
    .map((file) => `assets/${file}`);
});

afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

test('has at most 150 KB when it is sent, by either compression', () => {
  for (const end of ['gz', 'br']) {
    const sizes = ['index.html', ...assets].map((file) => statSync(join(folder, `${file}.${end}`)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(most);
  }
});

test('every file is there in three forms, which are the same', () => {
  expect(assets.length).toBe(3);
  for (const file of ['index.html', ...assets]) {
    expect(gunzipSync(readFileSync(join(folder, `${file}.gz`))).toString(), file).toBe(read(file));
    expect(brotliDecompressSync(readFileSync(join(folder, `${file}.br`))).toString(), file).toBe(read(file));
  }
});

test('the document names the files by what is in them, and has neither script nor style of its own', () => {
  const document = read('index.html');
  for (const file of assets) expect(document).toContain(`"/${file}"`);
  expect(document).not.toMatch(/<style|<script(?![^>]* src=)|\sstyle=|\son\w+=/);
});

test('no address of another machine is in it', () => {
  const addresses = ['index.html', ...assets].flatMap((file) => read(file).match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z][\w./-]*/gi) ?? []);
  // Names of the namespaces of XML, which nobody fetches.
  expect(addresses.filter((address) => !/^http:\/\/www\.w3\.org\//.test(address))).toEqual([]);
});
