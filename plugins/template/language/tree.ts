// The tree of a template, and how it is written again, as Go writes it.
import { quoted } from './quote.ts';

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'string'; readonly text: string; readonly value: string }
  | { readonly kind: 'function'; readonly name: string; readonly at: number }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly string[] }
  | { readonly kind: 'pipe'; readonly pipe: Pipe };

/** Words of which the first may be a function, and the others its arguments. */
export type Command = readonly Operand[];

/** Commands, each of which is given what the one before comes to. */
export interface Pipe {
  /** Variables that are declared or assigned, with their `$`. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | { readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe; readonly then: readonly Node[]; readonly otherwise: readonly Node[] | undefined }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined }
  | { readonly kind: 'break' | 'continue' };

/** A template, and those that it defines. */
export interface Tree {
  readonly nodes: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

export function writeNodes(nodes: readonly Node[]): string {
  return nodes.map(writeNode).join('');
}

function writeNode(node: Node): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'action':
      return `{{${writePipe(node.pipe)}}}`;
    case 'template':
      return `{{template ${quoted(node.name)}${node.pipe === undefined ? '' : ` ${writePipe(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    default: {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${writeNodes(node.otherwise)}`;
      return `{{${node.kind} ${writePipe(node.pipe)}}}${writeNodes(node.then)}${otherwise}{{end}}`;
    }
  }
}

function writePipe({ variables, assigns, commands }: Pipe): string {
  const declared = variables.length === 0 ? '' : `${variables.join(', ')} ${assigns ? '=' : ':='} `;
  return declared + commands.map((command) => command.map(writeOperand).join(' ')).join(' | ');
}

export function writeOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(operand.value);
    case 'number':
    case 'string':
      return operand.text;
    case 'function':
      return operand.name;
    case 'field':
      return writeNames(operand.names);
    case 'variable':
      return operand.name + writeNames(operand.names);
    case 'chain':
      return writeOperand(operand.of) + writeNames(operand.names);
    case 'pipe':
      return `(${writePipe(operand.pipe)})`;
  }
}

function writeNames(names: readonly string[]): string {
  return names.map((name) => `.${name}`).join('');
}
