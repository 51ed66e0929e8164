// The language of templates against what Go's text/template made of the same templates (template-language.go records it anew).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from '../../plugins/template/language/compiler.ts';
import { functions } from '../../plugins/template/language/functions.ts';
import { parseTemplate } from '../../plugins/template/language/parser.ts';
import { writeNodes } from '../../plugins/template/language/tree.ts';
import { templateData } from '../support/template-data.ts';

interface Example {
  readonly template: string;
  readonly refused?: string;
  readonly failed?: string;
  readonly output?: string;
  readonly written?: string;
}

const examples: readonly Example[] = JSON.parse(readFileSync(join(import.meta.dirname, 'template-language.json'), 'utf8'));

const isFunction = (name: string) => Object.hasOwn(functions, name);

function outcome(template: string): Omit<Example, 'template'> {
  let tree: ReturnType<typeof parseTemplate>;
  try {
    tree = parseTemplate(template, isFunction);
  } catch (error) {
    return { refused: (error as Error).message };
  }
  try {
    const render = compile(tree, functions);
    return { output: render(templateData), written: writeNodes(tree.nodes) };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}

describe('as Go has it', () => {
  test.each(examples.map((example) => [example.template, example] as const))('%j', (template, { refused, failed, output, written }) => {
    const found = outcome(template);
    // What cannot be executed may be refused at once.
    if (failed !== undefined) expect(found.output).toBeUndefined();
    else if (refused === undefined) expect(found).toEqual({ output, written });
    else {
      expect(found.refused, refused).toBeDefined();
      expect(refused).toContain(found.refused);
    }
  });
});

test('a template that is nested without end is refused, and one that calls itself ends', () => {
  expect(outcome(`{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`).refused).toContain('nested too deeply');
  expect(outcome(`${'{{if 1}}'.repeat(5000)}${'{{end}}'.repeat(5000)}`).refused).toContain('nested too deeply');
  expect(outcome('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}').failed).toContain('exceeded maximum template depth');
});
