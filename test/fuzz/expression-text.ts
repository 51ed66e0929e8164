// Writes the tree of an expression as an expression, every part in parentheses, so that reading it does not depend on precedence.
import { isPredicate } from '../../src/expression/predicates.ts';
import type { Node } from '../../src/expression/syntax.ts';

export function expressionText(node: Node): string {
  return `(${text(node)})`;
}

function text(node: Node): string {
  switch (node.kind) {
    case 'value':
      return valueText(node);
    case 'name':
      return node.name;
    case 'element':
      return `#${node.name}`;
    case 'call':
      return `${node.name}(${node.args.map((each, i) => (i === 1 && isPredicate(node.name) ? `{${expressionText(each)}}` : expressionText(each))).join(', ')})`;
    case 'array':
      return `[${node.items.map(expressionText).join(', ')}]`;
    case 'map':
      return `{${node.entries.map(({ key, value }) => `(${expressionText(key)}): ${expressionText(value)}`).join(', ')}}`;
    case 'unary':
      return `${node.operator} ${expressionText(node.operand)}`;
    case 'binary':
      return `${expressionText(node.left)} ${node.operator} ${expressionText(node.right)}`;
    case 'logic':
      return node.operands.map(expressionText).join(` ${node.operator} `);
    case 'choice':
      return [node.condition, '?', node.then, ':', node.otherwise].map((each) => (typeof each === 'string' ? each : expressionText(each))).join(' ');
    case 'item':
      return `${expressionText(node.of)}${node.isOptional ? '?.' : ''}[${expressionText(node.index)}]`;
    case 'slice':
      return `${expressionText(node.of)}[${node.from === undefined ? '' : expressionText(node.from)}:${node.to === undefined ? '' : expressionText(node.to)}]`;
    case 'let':
      return `let ${node.name} = ${expressionText(node.value)}; ${expressionText(node.body)}`;
  }
}

function valueText({ value, isFloat }: Extract<Node, { kind: 'value' }>): string {
  if (value === null) return 'nil';
  if (typeof value === 'string') return `'${value.replaceAll(/[\\']/g, '\\$&')}'`;
  return isFloat === true && Number.isInteger(value) ? `${Number(value).toExponential()}` : String(value);
}
