// The language of templates against what Go's text/template made of the same templates (template-language.go records it anew).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile } from '../../plugins/template/language/compiler.ts';
import { functions } from '../../plugins/template/language/functions.ts';
import { parseTemplate } from '../../plugins/template/language/parser.ts';
import { TemplateError } from '../../plugins/template/language/template-error.ts';
import { writeNodes } from '../../plugins/template/language/tree.ts';
import type { GoObject } from '../../plugins/template/language/values.ts';

interface Example {
  readonly template: string;
  readonly refused?: string;
  readonly failed?: string;
  readonly output?: string;
  readonly written?: string;
}

const examples: readonly Example[] = JSON.parse(readFileSync(join(import.meta.dirname, 'template-language.json'), 'utf8'));

function structure(goType: string, fields: Readonly<Record<string, unknown>>): GoObject {
  return { goType, member: (name) => fields[name], toString: () => `{${Object.values(fields).join(' ')}}` };
}

const question = structure('main.question', { Name: 'IP-10-0-0-1.example.', Qtype: 1, Qclass: 1 });
const data = structure('*main.data', {
  Zone: 'example.',
  Name: 'ip-10-0-0-1.example.',
  Class: 'IN',
  Type: 'A',
  Match: ['ip-10-0-0-1', '10', '0', '0', '1'],
  Group: new Map(Object.entries({ 0: 'ip-10-0-0-1', 1: '10', b: '0', c: '0', d: '1', hex: '0a7b7b7b' })),
  Question: question,
  Questions: [question],
  Flag: true,
  Number: 2,
  Meta(...args: readonly unknown[]) {
    if (args.length !== 1) throw new Error(`wrong number of args for Meta: want 1 got ${args.length}`);
    return `<${args[0]}>`;
  },
});

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
    return { output: render(data), written: writeNodes(tree.nodes) };
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

describe('whatever is written', () => {
  const pieces = [
    ...[
      '{{',
      '}}',
      '{{-',
      ' -}}',
      ' ',
      '.Name',
      '.Match',
      '$x',
      ':=',
      '=',
      '|',
      '(',
      ')',
      '"a"',
      '`b`',
      '1',
      '-2',
      '1.5',
      'nil',
      'true',
      "'c'",
      ',',
      '.',
    ],
    ...[
      'if',
      'else',
      'end',
      'range',
      'with',
      'define',
      'template',
      'block',
      'break',
      'index',
      'printf',
      'len',
      'eq',
      'and',
      '/*',
      '*/',
      'text',
      '\n',
      '}',
      '"%d"',
    ],
  ];
  const written = fc
    .oneof(
      fc.string(),
      fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((each) => each.join('')),
    )
    .map((each) => `{{${each}}}`);

  test('it is read or refused, and what is read is written so that it is read as the same', () => {
    fc.assert(
      fc.property(written, (template) => {
        try {
          const tree = parseTemplate(template, isFunction);
          const again = parseTemplate(writeNodes(tree.nodes), (name) => isFunction(name));
          expect(writeNodes(again.nodes)).toBe(writeNodes(tree.nodes));
        } catch (error) {
          // Text between trimmed actions may look like an action when it is written again, as with Go.
          if (!(error instanceof TemplateError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  test('executing it gives a text or an Error', () => {
    fc.assert(
      fc.property(written, (template) => {
        const found = outcome(template);
        expect([typeof found.output, typeof found.refused, typeof found.failed]).toContain('string');
      }),
      { numRuns: 2000, seed: 11 },
    );
  });

  test('a template that is nested without end is refused, and one that calls itself ends', () => {
    expect(outcome(`{{${'('.repeat(5000)}1${')'.repeat(5000)}}}`).refused).toContain('nested too deeply');
    expect(outcome(`${'{{if 1}}'.repeat(5000)}${'{{end}}'.repeat(5000)}`).refused).toContain('nested too deeply');
    expect(outcome('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}').failed).toContain('exceeded maximum template depth');
  });
});
