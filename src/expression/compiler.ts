// Makes functions of the tree of an expression, and tells what cannot be right before it is evaluated.

import { compileCall } from './calls.ts';
import { type Compiled, constantOf, made, type Run } from './compiled.ts';
import type { Environment } from './environment.ts';
import { ExpressionError } from './expression-error.ts';
import { compileItem, compileSlice } from './items.ts';
import { compileBinary, compileUnary } from './operators.ts';
import { predicateOf } from './predicates.ts';
import type { Node } from './syntax.ts';
import { any, arrayOf, bool, canBe, eitherOf, float, int, map, nil, string, type Type, typeText } from './types.ts';
import { asArray, asBool, asString } from './values.ts';

type NodeOf<K extends Node['kind']> = Extract<Node, { readonly kind: K }>;

/** A name that an expression has given to a value; `slot` is its place in the frame. */
interface Variable {
  readonly type: Type;
  readonly slot: number;
}

/** Compiles the parts of one expression. */
export class Compiler {
  private readonly environment: Environment<never>;
  private readonly variables = new Map<string, Variable>();
  /** The element that the innermost predicate looks at; its index is in the next slot. */
  private element: Variable | undefined;
  /** Values that are kept while the expression is evaluated. */
  slots = 0;

  constructor(environment: Environment<never>) {
    this.environment = environment;
  }

  compile(node: Node): Compiled {
    switch (node.kind) {
      case 'value':
        return constantOf(node.value, typeOfLiteral(node), node);
      case 'name':
        return this.name(node);
      case 'element':
        return this.elementOf(node);
      case 'call':
        return this.call(node);
      case 'array':
        return this.array(node);
      case 'map':
        return this.map(node);
      case 'unary':
        return compileUnary(node.operator, this.compile(node.operand), node);
      case 'binary':
        return compileBinary(node.operator, this.compile(node.left), this.compile(node.right), node);
      case 'logic':
        return this.logic(node);
      case 'choice':
        return this.choice(node);
      case 'let':
        return this.declaration(node);
      case 'item':
        return compileItem(this.compile(node.of), this.compile(node.index), node);
      case 'slice':
        return compileSlice(this.compile(node.of), [this.maybe(node.from), this.maybe(node.to)], node);
    }
  }

  private maybe(node: Node | undefined): Compiled | undefined {
    return node === undefined ? undefined : this.compile(node);
  }

  private name(node: NodeOf<'name'>): Compiled {
    const variable = this.variables.get(node.name);
    if (variable !== undefined) return this.kept(variable, node);
    if (Object.hasOwn(this.environment, node.name)) throw new ExpressionError(`${node.name} is a function, expected ${node.name}()`, node);
    throw new ExpressionError(`there is no ${node.name} here; a text stands in quotes: '${node.name}'`, node);
  }

  private kept({ type, slot }: Variable, span: Node): Compiled {
    return { type, span, run: (_subject, frame) => frame[slot] };
  }

  private elementOf(node: NodeOf<'element'>): Compiled {
    const { element } = this;
    if (element === undefined || (node.name !== '' && node.name !== 'index')) {
      throw new ExpressionError(`found #${node.name}, expected # or #index in an expression about the elements of an array`, node);
    }
    return this.kept(node.name === '' ? element : { type: int, slot: element.slot + 1 }, node);
  }

  private call(node: NodeOf<'call'>): Compiled {
    const predicate = predicateOf(node.name);
    const isAsked = predicate !== undefined && (node.args.length === 2 || (node.name !== 'sum' && node.name !== 'count'));
    if (isAsked) return this.predicate(node);
    return compileCall(
      node,
      node.args.map((each) => this.compile(each)),
      this.environment,
    );
  }

  private predicate({ name, args, nameSpan, ...node }: NodeOf<'call'>): Compiled {
    const { asksBool, result, run } = predicateOf(name) as NonNullable<ReturnType<typeof predicateOf>>;
    const [over, question] = args;
    if (over === undefined || question === undefined || args.length > 2) {
      throw new ExpressionError(`${name} is for an array and an expression about its elements, as in ${name}(list, # > 3)`, nameSpan);
    }
    const array = this.compile(over);
    if (!canBe(array.type, 'array')) throw new ExpressionError(`found ${typeText(array.type)}, expected an array`, over);
    const element = array.type.kind === 'array' ? array.type.element : any;
    const { slot, asked } = this.about(element, question);
    if (asksBool && !canBe(asked.type, 'bool')) throw new ExpressionError(`found ${typeText(asked.type)}, expected a bool`, question);
    return {
      type: result(element, asked.type),
      span: node,
      run: (subject, frame) =>
        run(asArray(array.run(subject, frame)), (each, index) => {
          frame[slot] = each;
          frame[slot + 1] = index;
          return asked.run(subject, frame);
        }),
    };
  }

  private about(element: Type, question: Node): { slot: number; asked: Compiled } {
    const outer = this.element;
    const slot = this.slots;
    this.slots += 2;
    this.element = { type: element, slot };
    const asked = this.compile(question);
    this.element = outer;
    return { slot, asked };
  }

  private declaration({ name, value, body, ...node }: NodeOf<'let'>): Compiled {
    if (this.variables.has(name) || Object.hasOwn(this.environment, name))
      throw new ExpressionError(`${name} stands for something else already`, node);
    const given = this.compile(value);
    const slot = this.slots++;
    this.variables.set(name, { type: given.type, slot });
    const compiled = this.compile(body);
    this.variables.delete(name);
    return {
      ...compiled,
      run(subject, frame) {
        frame[slot] = given.run(subject, frame);
        return compiled.run(subject, frame);
      },
    };
  }

  private array(node: NodeOf<'array'>): Compiled {
    const items = node.items.map((each) => this.compile(each));
    const [first, ...others] = items.map(({ type }) => type);
    const element = first === undefined ? any : others.reduce(eitherOf, first);
    const runs = items.map(({ run }) => run);
    return made(arrayOf(element), items, node, (subject, frame) => runs.map((run) => run(subject, frame)));
  }

  private map(node: NodeOf<'map'>): Compiled {
    const entries = node.entries.map(({ key, value }) => ({ key: this.compile(key), value: this.compile(value) }));
    for (const { key } of entries) {
      if (!canBe(key.type, 'string')) throw new ExpressionError(`found ${typeText(key.type)}, expected a string as a key`, key.span);
    }
    const parts = entries.flatMap(({ key, value }) => [key, value]);
    const read: Run = (subject, frame) =>
      new Map(entries.map(({ key, value }) => [asString(key.run(subject, frame)), value.run(subject, frame)] as const));
    return made(map, parts, node, read);
  }

  private logic({ operator, operands, ...span }: NodeOf<'logic'>): Compiled {
    const compiled = operands.map((each) => this.compile(each));
    for (const { type, span: at } of compiled) {
      if (!canBe(type, 'bool')) throw new ExpressionError(`found ${typeText(type)}, expected a bool beside ${operator}`, at);
    }
    const runs = compiled.map(({ run }) => run);
    const until = operator === 'or';
    return made(bool, compiled, span, (subject, frame) => {
      for (const run of runs) if (asBool(run(subject, frame)) === until) return until;
      return !until;
    });
  }

  private choice(node: NodeOf<'choice'>): Compiled {
    const condition = this.compile(node.condition);
    if (!canBe(condition.type, 'bool')) throw new ExpressionError(`found ${typeText(condition.type)}, expected a bool before ?`, node.condition);
    const then = this.compile(node.then);
    const otherwise = this.compile(node.otherwise);
    return made(eitherOf(then.type, otherwise.type), [condition, then, otherwise], node, (subject, frame) =>
      asBool(condition.run(subject, frame)) ? then.run(subject, frame) : otherwise.run(subject, frame),
    );
  }
}

function typeOfLiteral({ value, isFloat = false }: NodeOf<'value'>): Type {
  if (typeof value === 'number') return isFloat ? float : int;
  if (value === null) return nil;
  return typeof value === 'string' ? string : bool;
}
