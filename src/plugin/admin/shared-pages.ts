// The pages that are at every admin address.
import { readFileSync } from 'node:fs';
import type { StartContext } from '../plugin.ts';
import { explainPage } from './explain-page.ts';
import type { PageOfAll } from './pages.ts';
import { reloadNow, reloadPage } from './reload-page.ts';

/** The description of all pages, which is part of the package. */
const description = new URL('../../../docs/admin-api.yaml', import.meta.url);

/** What is at every address, whoever tells of something there. */
export function sharedAdminPages(context: Pick<StartContext, 'explain' | 'server'>): Readonly<Record<string, PageOfAll>> {
  return {
    '/explain': { method: 'GET', all: (request) => explainPage(context, request) },
    '/reload': { method: 'GET', all: (_, role) => reloadPage(context, role) },
    '/reload/now': { method: 'POST', all: (request) => reloadNow(context, request) },
    '/openapi.yaml': { method: 'GET', all: () => ({ status: 200, body: readFileSync(description, 'utf8'), contentType: 'application/yaml' }) },
  };
}
