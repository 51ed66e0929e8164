// Templates of any parts: read or refused, written so that they are read as the same, and executed to a text or an Error.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../plugins/template/language/compiler.ts';
import { functions } from '../../plugins/template/language/functions.ts';
import { parseTemplate } from '../../plugins/template/language/parser.ts';
import { TemplateError } from '../../plugins/template/language/template-error.ts';
import { type Node, type Tree, writeNodes } from '../../plugins/template/language/tree.ts';
import { templateData } from '../support/template-data.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

const words = ['.', '.Name', '.Match', '.Group', '.Flag', '$', '$x', '1', '-2', '1.5', '0x1p4', "'c'", '"a"', '"%d"', '`b`', 'nil', 'true'];
const calls = ['index', 'slice', 'printf', 'print', 'len', 'eq', 'lt', 'and', 'or', 'not', 'html', 'js', 'urlquery', 'call', 'parseInt'];
const controls = ['if', 'else', 'end', 'range', 'with', 'define', 'template', 'block', 'break', 'continue'];
const marks = ['{{', '}}', '{{-', ' -}}', ' ', '|', '(', ')', ':=', '=', ',', '/*', '*/', '\n', '}', '{', 'text'];
const soup = fc.array(fc.oneof(...[words, calls, controls, marks].map((each) => fc.constantFrom(...each)), fc.string({ maxLength: 4 })), {
  maxLength: 30,
});

/** Most of these can be read. */
const { nodes } = fc.letrec<{ nodes: string; pipe: string; operand: string }>((tie) => {
  const of = (parts: TemplateStringsArray, ...inner: readonly ('nodes' | 'pipe' | 'operand')[]) =>
    fc.tuple(...inner.map((each) => tie(each))).map((made) => parts.map((part, i) => part + (made[i] ?? '')).join(''));
  return {
    operand: fc.oneof({ depthSize: 'small' }, fc.constantFrom(...words), of`(${'pipe'})`, of`(${'pipe'}).Name`),
    pipe: fc.oneof(
      { depthSize: 'small' },
      of`${'operand'}`,
      ...calls.map((call) => of`${'operand'} | ${'operand'}`.map((rest) => `${call} ${rest}`)),
      of`index ${'operand'} ${'operand'}`,
      of`printf "%v %q %5.2f" ${'operand'} ${'operand'}`,
      of`${'pipe'} | print ${'operand'}`,
      of`$x := ${'pipe'}`,
    ),
    nodes: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('', 'text', ' \n', '}}', '"'),
      of`{{${'pipe'}}}`,
      of`{{- ${'pipe'} -}}`,
      of`{{if ${'pipe'}}}${'nodes'}{{else if ${'pipe'}}}${'nodes'}{{end}}`,
      of`{{with ${'pipe'}}}${'nodes'}{{else}}${'nodes'}{{end}}`,
      of`{{range $i, $x := ${'pipe'}}}${'nodes'}{{break}}{{end}}`,
      of`{{range .Match}}${'nodes'}{{continue}}{{else}}${'nodes'}{{end}}`,
      of`{{define "a"}}${'nodes'}{{end}}{{template "a" ${'operand'}}}`,
      of`{{block "b" ${'pipe'}}}${'nodes'}{{end}}`,
      of`${'nodes'}${'nodes'}`,
    ),
  };
});
const template = fc.oneof(
  soup.map((parts) => `{{${parts.join('')}}}`),
  soup.map((parts) => parts.join(' ')),
  nodes,
);

const isFunction = (name: string) => Object.hasOwn(functions, name);

test('any text is a template, or is refused at a place in it', patience, () => {
  fc.assert(
    fc.property(template, (written) => {
      try {
        cheaply(() => parseTemplate(written, isFunction));
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
        expect((error as TemplateError).offset).toBeGreaterThanOrEqual(0);
        expect((error as TemplateError).offset).toBeLessThanOrEqual(written.length);
      }
    }),
    manyRuns(4),
  );
});

test('what is read can be written, and is read as the same again', patience, () => {
  fc.assert(
    fc.property(template, (written) => {
      const tree = unlessRefused(written);
      // Text between trimmed actions may look like an action when it is written again, as with Go.
      if (tree === undefined || [tree.nodes, ...tree.defined.values()].some(looksLikeAction)) return;
      const again = writeNodes(tree.nodes);
      expect(writeNodes(parseTemplate(again, isFunction).nodes)).toBe(again);
    }),
    manyRuns(4),
  );
});

test('executing it gives a text or an Error', patience, () => {
  fc.assert(
    fc.property(template, (written) => {
      const tree = unlessRefused(written);
      if (tree === undefined) return;
      try {
        const render = compile(tree, functions);
        expect(cheaply(() => render(templateData))).toBeTypeOf('string');
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(TypeError);
        expect(error).not.toBeInstanceOf(ReferenceError);
      }
    }),
    manyRuns(4),
  );
});

function unlessRefused(written: string): Tree | undefined {
  try {
    return parseTemplate(written, isFunction);
  } catch {
    return undefined;
  }
}

function looksLikeAction(list: readonly Node[]): boolean {
  return list.some((node) => {
    if (node.kind === 'text') return /\{\{|\{$/.test(node.text);
    return 'then' in node && (looksLikeAction(node.then) || looksLikeAction(node.otherwise ?? []));
  });
}
