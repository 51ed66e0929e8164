// A page of the console in a browser, and what must never happen there.
import axe from 'axe-core';
import type { TestServer } from 'ferrydns/testing';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import { soon } from '../support/soon.ts';

let browser: Promise<Browser> | undefined;

export interface PageWishes {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Milliseconds: the clock of the browser stands there. */
  readonly now?: number;
}

/** Where a browser finds the console of a server whose Corefile says `console 127.0.0.1:0`. */
export function consoleOf({ server }: TestServer): string {
  return `http://127.0.0.1:${server.httpPort('127.0.0.1:0')}`;
}

/** Opens a view of the console in a window of its own. `await using` closes it, and fails when something has gone wrong in it. */
export async function openView(origin: string, view: string, { theme = 'light', width = 1280, height = 860, now }: PageWishes = {}): Promise<View> {
  browser ??= chromium.connect(inject('browser'));
  const context = await (await browser).newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' });
  context.setDefaultTimeout(soon.timeout);
  const page = await context.newPage();
  if (now !== undefined) await page.clock.setFixedTime(now);
  const opened = new View(context, page, origin);
  await page.goto(`${origin}/#/${view}`);
  await page.getByRole('main').waitFor();
  return opened;
}

export class View implements AsyncDisposable {
  readonly page: Page;
  /** What went wrong in the page: errors, what its policy has refused, what was asked of others. */
  readonly faults: string[] = [];
  private readonly context: BrowserContext;
  private readonly origin: string;

  constructor(context: BrowserContext, page: Page, origin: string) {
    this.context = context;
    this.page = page;
    this.origin = origin;
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => this.faults.push(`a window of the browser: ${dialog.message()}`));
    page.on('console', (message) => {
      // That a server is gone, or has nothing at an address, is no fault of the page.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.faults.push(`asked ${request.url()}`);
    });
  }

  /** Goes to another view of the same page. */
  async show(view: string): Promise<void> {
    await this.page.goto(`${this.origin}/#/${view}`);
  }

  /** What axe finds by these rules, or by all, as "RULE: ELEMENT"; nothing is what is wanted. */
  async barriers(rules?: readonly string[]): Promise<readonly string[]> {
    // By the protocol of the browser, which the policy of the page does not bind.
    await this.page.evaluate(axe.source);
    return await this.page.evaluate(async (only) => {
      const { violations } = await (globalThis as unknown as AxeWindow).axe.run(only === undefined ? {} : { runOnly: only });
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
    }, rules);
  }

  /** Pixels by which the page is wider than its window. */
  async overflow(): Promise<number> {
    return await this.page.evaluate('document.documentElement.scrollWidth - innerWidth');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    expect(this.faults).toEqual([]);
  }
}

interface AxeWindow {
  readonly axe: {
    run(options: { readonly runOnly?: readonly string[] }): Promise<{
      readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[] }[];
    }>;
  };
}
