// Makes functions of the tree of a template, once: executing it looks nothing up by name but the fields of what it is given.
import { type Functions, isLazy } from './functions.ts';
import type { Command, Node, Operand, Pipe, Tree } from './tree.ts';
import { writeOperand } from './tree.ts';
import { byKey, display, type GoFunction, isTrue, isWhole, memberOf, typeOf } from './values.ts';

/** What one execution of a template keeps. */
interface Frame {
  readonly output: { text: string; depth: number };
  /** The variables, by the numbers that the compiler has given them; `$` is the first. */
  readonly slots: unknown[];
}

type Evaluate = (frame: Frame, dot: unknown) => unknown;
/** What a node asks of the ranges around it. */
type Signal = undefined | 'break' | 'continue';
type Execute = (frame: Frame, dot: unknown) => Signal;

/** Calls of templates in one another at most: one that calls itself has no end. */
const deepest = 1000;

/** The text that a template makes of its data. */
export type Render = (data: unknown) => string;

/** Makes a function of a template. What that throws ends the execution, which has no result then. */
export function compile({ nodes, defined }: Tree, functions: Functions): Render {
  const bodies = new Map<string, Body>();
  for (const name of defined.keys()) bodies.set(name, { run: undefined, slots: 0 });
  for (const [name, list] of defined) Object.assign(bodies.get(name) as Body, bodyOf(list, functions, bodies));
  const { run, slots } = bodyOf(nodes, functions, bodies);
  return (data) => {
    const output = { text: '', depth: 0 };
    run?.(frameFor(output, slots, data), data);
    return output.text;
  };
}

interface Body {
  run: Execute | undefined;
  slots: number;
}

function bodyOf(nodes: readonly Node[], functions: Functions, bodies: ReadonlyMap<string, Body>): Body {
  const compiler = new Compiler(functions, bodies);
  const run = compiler.list(nodes);
  return { run, slots: compiler.slots };
}

function frameFor(output: Frame['output'], count: number, data: unknown): Frame {
  const slots = new Array<unknown>(count);
  slots[0] = data;
  return { output, slots };
}

class Compiler {
  slots = 1;
  private readonly functions: Functions;
  private readonly bodies: ReadonlyMap<string, Body>;
  /** Where the variables that are known are kept; of two of one name the later one is meant. */
  private scope: readonly { readonly name: string; readonly slot: number }[] = [{ name: '$', slot: 0 }];

  constructor(functions: Functions, bodies: ReadonlyMap<string, Body>) {
    this.functions = functions;
    this.bodies = bodies;
  }

  list(nodes: readonly Node[]): Execute {
    const outside = this.scope;
    const steps = nodes.map((node) => this.node(node));
    this.scope = outside;
    const [only] = steps;
    if (steps.length === 1 && only !== undefined) return only;
    return (frame, dot) => {
      for (const step of steps) {
        const signal = step(frame, dot);
        if (signal !== undefined) return signal;
      }
      return undefined;
    };
  }

  private node(node: Node): Execute {
    switch (node.kind) {
      case 'text':
        return (frame) => {
          frame.output.text += node.text;
          return undefined;
        };
      case 'action':
        return this.action(node.pipe);
      case 'template':
        return this.call(node.name, node.pipe);
      case 'break':
      case 'continue':
        return () => node.kind;
      case 'range':
        return this.range(node.pipe, node.then, node.otherwise);
      default:
        return this.branch(node.kind, node.pipe, node.then, node.otherwise);
    }
  }

  private action(pipe: Pipe): Execute {
    const value = this.pipe(pipe);
    if (pipe.variables.length > 0) {
      return (frame, dot) => {
        value(frame, dot);
        return undefined;
      };
    }
    return (frame, dot) => {
      frame.output.text += display(value(frame, dot));
      return undefined;
    };
  }

  private branch(kind: 'if' | 'with', pipe: Pipe, then: readonly Node[], otherwise: readonly Node[] | undefined): Execute {
    const outside = this.scope;
    const value = this.pipe(pipe);
    const yes = this.list(then);
    const no = otherwise && this.list(otherwise);
    this.scope = outside;
    return (frame, dot) => {
      const found = value(frame, dot);
      if (isTrue(found)) return yes(frame, kind === 'with' ? found : dot);
      return no?.(frame, dot);
    };
  }

  private range(pipe: Pipe, then: readonly Node[], otherwise: readonly Node[] | undefined): Execute {
    const outside = this.scope;
    const value = this.pipe({ ...pipe, variables: [], assigns: false });
    const slots = pipe.variables.map((name) => (pipe.assigns ? this.slotOf(name) : this.addVariable(name)));
    const body = this.list(then);
    const no = otherwise && this.list(otherwise);
    this.scope = outside;
    const [first, second] = slots;
    return (frame, dot) => {
      const entries = entriesOf(value(frame, dot));
      if (entries.length === 0) return no?.(frame, dot);
      for (const [key, each] of entries) {
        if (second !== undefined && first !== undefined) {
          frame.slots[first] = key;
          frame.slots[second] = each;
        } else if (first !== undefined) frame.slots[first] = each;
        if (body(frame, each) === 'break') break;
      }
      return undefined;
    };
  }

  private call(name: string, pipe: Pipe | undefined): Execute {
    const value = pipe && this.pipe(pipe);
    return ({ output, slots }, dot) => {
      const body = this.bodies.get(name);
      if (body?.run === undefined) throw new Error(`template "${name}" not defined`);
      if (++output.depth > deepest) throw new Error(`exceeded maximum template depth (${deepest})`);
      const data = value?.({ output, slots }, dot);
      body.run(frameFor(output, body.slots, data), data);
      output.depth--;
      return undefined;
    };
  }

  private pipe({ variables, assigns, commands }: Pipe): Evaluate {
    let value: Evaluate | undefined;
    for (const command of commands) value = this.command(command, value);
    const run = value as Evaluate;
    const [name] = variables;
    if (name === undefined) return run;
    const slot = assigns ? this.slotOf(name) : this.addVariable(name);
    return (frame, dot) => {
      const found = run(frame, dot);
      frame.slots[slot] = found;
      return found;
    };
  }

  /** A command; `before` is the one in front of it, whose value is its last argument. */
  private command(command: Command, before: Evaluate | undefined): Evaluate {
    const [first, ...rest] = command as [Operand, ...Operand[]];
    const args = [...rest.map((operand) => this.operand(operand)), ...(before === undefined ? [] : [before])];
    if (first.kind === 'function') return this.function(first.name, args);
    if (args.length === 0) return this.operand(first);
    if (first.kind !== 'field' && first.kind !== 'chain' && first.kind !== 'variable') {
      throw new Error(`can't give argument to non-function ${writeOperand(first)}`);
    }
    const method = this.member(first);
    const written = writeOperand(first);
    return (frame, dot) => {
      const found = method(frame, dot);
      if (typeof found !== 'function') throw new Error(`${written} has arguments but cannot be invoked as function`);
      return (found as GoFunction)(...args.map((arg) => arg(frame, dot)));
    };
  }

  private function(name: string, args: readonly Evaluate[]): Evaluate {
    const found = this.functions[name];
    if (found === undefined) throw new Error(`function "${name}" not defined`);
    const { least, most = Number.POSITIVE_INFINITY } = found;
    if (args.length < least || args.length > most) {
      throw new Error(`wrong number of args for ${name}: want ${most === least ? least : `at least ${least}`} got ${args.length}`);
    }
    if (isLazy(found)) return (frame, dot) => found.choose(args.map((arg) => () => arg(frame, dot)));
    const { call } = found;
    const [only] = args;
    if (args.length === 1 && only !== undefined) return (frame, dot) => call(only(frame, dot));
    return (frame, dot) => call(...args.map((arg) => arg(frame, dot)));
  }

  private operand(operand: Operand): Evaluate {
    switch (operand.kind) {
      case 'dot':
        return (_, dot) => dot;
      case 'nil':
        return () => null;
      case 'bool':
      case 'number':
      case 'string': {
        const { value } = operand;
        return () => value;
      }
      case 'function':
        return this.function(operand.name, []);
      case 'pipe':
        return this.pipe(operand.pipe);
      default: {
        const value = this.member(operand);
        const written = writeOperand(operand);
        return (frame, dot) => {
          const found = value(frame, dot);
          if (typeof found === 'function') throw new Error(`wrong number of args for ${written}: want 1 got 0`);
          return found;
        };
      }
    }
  }

  /** A value, a field of it, or a method. */
  private member(operand: Extract<Operand, { readonly names: readonly string[] }>): Evaluate {
    const of = this.owner(operand);
    const [first, ...rest] = operand.names;
    if (first === undefined) return of;
    if (rest.length === 0) return (frame, dot) => memberOf(of(frame, dot), first);
    return (frame, dot) => {
      let value = memberOf(of(frame, dot), first);
      for (const name of rest) value = memberOf(value, name);
      return value;
    };
  }

  private owner(operand: Extract<Operand, { readonly names: readonly string[] }>): Evaluate {
    if (operand.kind === 'field') return (_, dot) => dot;
    if (operand.kind === 'chain') return this.operand(operand.of);
    const slot = this.slotOf(operand.name);
    return ({ slots }) => slots[slot];
  }

  private addVariable(name: string): number {
    const slot = this.slots++;
    this.scope = [...this.scope, { name, slot }];
    return slot;
  }

  private slotOf(name: string): number {
    const found = this.scope.findLast((each) => each.name === name);
    if (found === undefined) throw new Error(`undefined variable "${name}"`);
    return found.slot;
  }
}

/** What a range goes over, with the keys. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((each, i) => [i, each] as const);
  if (value instanceof Map) return [...value].sort(byKey);
  if (isWhole(value)) return Array.from({ length: Math.max(0, Math.min(Number(value), most)) }, (_, i) => [i, i] as const);
  if (value === undefined || value === null) return [];
  throw new Error(`range can't iterate over ${display(value)} (${typeOf(value)})`);
}

/** Turns of a range over a number at most: a record has no use for more. */
const most = 65_536;
