// Once for all tests in a browser: the page is built, and one browser runs.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';
import { buildPageWhenOld } from '../../scripts/page.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser takes orders. */
    browser: string;
  }
}

const names = ['chromium', 'chromium-browser', 'google-chrome'];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildPageWhenOld();
  // Without a sandbox of its own: in a container there is none to be had, and it opens nothing but this page.
  const browser = await chromium.launchServer({ executablePath: findBrowser(), args: ['--no-sandbox', '--disable-gpu'] });
  project.provide('browser', browser.wsEndpoint());
  return () => browser.close();
}

/** Throws an Error that says how to get one. */
function findBrowser(): string {
  const wanted = process.env['FERRYDNS_CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = wanted === undefined ? folders.flatMap((folder) => names.map((name) => join(folder, name))) : [wanted];
  const found = candidates.find(canRun);
  if (found !== undefined) return found;
  throw new Error('no Chromium is found: apt-get install chromium, or name one by FERRYDNS_CHROMIUM=/path/to/chromium');
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
