// The files of the console's page as they are sent: their types, their forms, and what a browser may keep of them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { HttpRequest, HttpResponse } from 'ferrydns/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageFiles } from '../../plugins/console/page-files.ts';
import { buildPage } from '../../scripts/page.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-page-'));
beforeAll(() => buildPage(join(folder, 'built')), 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesIn = (name: string) => pageFiles(pathToFileURL(`${join(folder, name)}/`));

async function get(path: string, headers: Readonly<Record<string, string>> = {}, name = 'built'): Promise<HttpResponse> {
  const page = filesIn(name)[path];
  if (page === undefined) throw new Error(`nothing at ${path}`);
  const request: HttpRequest = { method: 'GET', url: new URL(path, 'http://localhost'), headers, body: '', from: '127.0.0.1' };
  return page.all(request, undefined);
}

describe('the page', () => {
  test('is a document that runs and styles nothing but files of ours, and is asked for anew each time', async () => {
    const { status, body, contentType, headers } = await get('/');
    expect([status, contentType, headers?.['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-cache']);
    expect(headers?.['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    );
    const document = String(body);
    expect(document).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
    for (const [, path = ''] of document.matchAll(/(?:src|href)="(\/[^"]+)"/g)) expect((await get(path)).status, path).toBe(200);
  });

  test('has files whose names change with what they hold, and which a browser keeps', async () => {
    const assets = Object.keys(filesIn('built')).filter((path) => path.startsWith('/assets/'));
    expect(assets.length).toBeGreaterThan(1);
    for (const path of assets) {
      const { headers, contentType } = await get(path);
      expect(headers?.['cache-control'], path).toBe('public, max-age=31536000, immutable');
      expect(contentType, path).toMatch(/^(?:text\/(?:javascript|css)|image\/svg\+xml)/);
    }
  });

  test('is sent in the form that the browser takes', async () => {
    const [path = ''] = Object.keys(filesIn('built')).filter((each) => each.endsWith('.js'));
    const plain = await get(path);
    expect(plain.headers?.['content-encoding']).toBeUndefined();
    const brotli = await get(path, { 'accept-encoding': 'gzip, deflate, br' });
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    expect(brotliDecompressSync(brotli.body as Uint8Array).equals(plain.body as Uint8Array)).toBe(true);
    const gzip = await get(path, { 'accept-encoding': 'br;q=0, gzip;q=0.5' });
    expect(gzip.headers?.['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.body as Uint8Array).equals(plain.body as Uint8Array)).toBe(true);
    expect(brotli.headers?.['etag']).not.toBe(gzip.headers?.['etag']);
  });

  test('is not sent again to whoever has it', async () => {
    const etag = (await get('/')).headers?.['etag'] ?? '';
    expect(await get('/', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
    expect(await get('/', { 'if-none-match': `"other", W/${etag}` })).toMatchObject({ status: 304 });
    expect(await get('/', { 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
  });

  test('is at no path but those of its files', () => {
    mkdirSync(join(folder, 'other', 'assets'), { recursive: true });
    for (const name of ['index.html', 'assets/a.js', 'assets/a.js.gz', 'secret.pem', 'notes.txt']) writeFileSync(join(folder, 'other', name), 'x');
    expect(Object.keys(filesIn('other')).sort()).toEqual(['/', '/assets/a.js']);
  });

  test('that is not built says how to build it', async () => {
    expect(Object.keys(filesIn('missing'))).toEqual(['/']);
    expect(await get('/', {}, 'missing')).toMatchObject({ status: 503, body: expect.stringContaining('npm start') });
  });
});
