// docs/admin-api.yaml as a test reads it, and what it says of an answer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { Told } from './http.ts';

interface Operation {
  readonly tags?: readonly string[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

/** The description as it is served. */
export const text = readFileSync(join(import.meta.dirname, '../../docs/admin-api.yaml'), 'utf8');
const description = parse(text) as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
export const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components']);
ajv.addSchema(description, 'api');

/** Every path with each of its methods. */
export const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, operation]) => (method === 'parameters' ? [] : [{ path, method: method.toUpperCase(), operation }])),
);
/** What stands at a place of the description, through one reference at most. */
export function at(pointer: string): { readonly place: string; readonly found: Record<string, unknown> } {
  const found = pointer.split('/').reduce<unknown>((value, part) => (value as Record<string, unknown>)[fromPointer(part)], description);
  const reference = (found as { readonly $ref?: string } | undefined)?.$ref;
  return reference === undefined ? { place: pointer, found: found as Record<string, unknown> } : at(reference.slice(2));
}
/** A key as a part of a JSON pointer. */
export const inPointer = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');
const fromPointer = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** That a value is as the schema at this place says. */
export function expectValid(value: unknown, pointer: string): void {
  const fragment = pointer.split('/').map(encodeURIComponent).join('/');
  const validate = ajv.compile({ $ref: `api#/${fragment}` });
  validate(value);
  expect(ajv.errorsText(validate.errors), `${pointer}: ${JSON.stringify(value)}`).toBe('No errors');
}

/** That an answer is what the description says of its path, method and status. */
export function expectDescribed({ status, headers, body }: Told, path: string, method: string): void {
  const { place, found } = at(`paths/${inPointer(path)}/${method.toLowerCase()}/responses/${status}`);
  const content = found['content'] as Record<string, { readonly schema?: object }>;
  const type = headers['content-type'] ?? '';
  expect(Object.keys(content)).toEqual([type]);
  if (type === 'application/json') expectValid(JSON.parse(body), `${place}/content/${inPointer(type)}/schema`);
  for (const [name, header] of Object.entries((found['headers'] ?? {}) as Record<string, { readonly schema: object }>)) {
    expect(ajv.validate(header.schema, headers[name]), `${name}: ${headers[name]}`).toBe(true);
  }
}
