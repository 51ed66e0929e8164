// Reads an expression into a tree, with the precedence of expr-lang.
import { ExpressionError } from './expression-error.ts';
import { type Token, tokensOf } from './lexer.ts';
import { binary, canonical, combined, isComparison, isLogic, joinedBy, negatable, type Operator, unary } from './precedence.ts';
import { isPredicate } from './predicates.ts';
import type { Node } from './syntax.ts';

const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

/** Parts that may lie in one another: each takes room on the stack when the expression is evaluated. */
const maxDepth = 200;

/** Reads a whole expression. Throws an {@link ExpressionError} that says what was found and what was expected. */
export function parseExpression(text: string): Node {
  return new Parser(tokensOf(text)).whole();
}

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;
  /** Predicates around what is read. */
  private predicates = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  whole(): Node {
    const node = this.body();
    const { token } = this;
    if (token.kind !== 'end') throw unexpected(token, 'an operator, or the end of the expression');
    return node;
  }

  private get token(): Token {
    return this.tokens[this.at] as Token;
  }

  private is(operator: string): boolean {
    return this.token.kind === 'operator' && this.token.text === operator;
  }

  private take(): Token {
    const { token } = this;
    if (token.kind !== 'end') this.at++;
    return token;
  }

  private accept(operator: string): boolean {
    const found = this.is(operator);
    if (found) this.at++;
    return found;
  }

  private expect(operator: string): Token {
    if (!this.is(operator)) throw unexpected(this.token, operator);
    return this.take();
  }

  private expectName(): Token {
    if (this.token.kind !== 'name') throw unexpected(this.token, 'a name');
    return this.take();
  }

  /** Everything between braces or parentheses: declarations, then a value. */
  private body(): Node {
    if (this.is('let')) return this.declaration();
    return this.is('if') ? this.conditional() : this.expression(0);
  }

  private declaration(): Node {
    const { start } = this.expect('let');
    const { text: name } = this.expectName();
    this.expect('=');
    const value = this.expression(0);
    this.expect(';');
    const body = this.nested(() => this.body());
    return { kind: 'let', name, value, body, start, end: body.end };
  }

  private conditional(): Node {
    const { start } = this.expect('if');
    const condition = this.expression(0);
    const then = this.braced();
    this.expect('else');
    const otherwise = this.is('if') ? this.nested(() => this.conditional()) : this.braced();
    return { kind: 'choice', condition, then, otherwise, start, end: otherwise.end };
  }

  private braced(): Node {
    this.expect('{');
    const body = this.body();
    this.expect('}');
    return body;
  }

  private nested(read: () => Node): Node {
    this.depth++;
    if (this.depth > maxDepth) throw new ExpressionError(`more than ${maxDepth} parts lie in one another here`, this.token);
    const node = read();
    this.depth--;
    return node;
  }

  /** Whatever binds at least as tightly as `precedence`. */
  private expression(precedence: number): Node {
    return this.nested(() => {
      const joined = this.joined(this.primary(), precedence);
      return precedence === 0 ? this.ternary(joined) : joined;
    });
  }

  private joined(first: Node, precedence: number): Node {
    let left = first;
    let links = 0;
    /** The right side of the comparison that was just read: "1 < x < 3" compares it once more. */
    let compared: Node | undefined;
    for (let next = this.nextOperator(precedence); next !== undefined; next = this.nextOperator(precedence)) {
      if (++links > maxDepth && !isLogic(next.operator))
        throw new ExpressionError(`more than ${maxDepth} operators follow each other here`, next.span);
      if (next.operator === '|') {
        left = this.postfix(this.call(this.expectName(), [left]));
        compared = undefined;
        continue;
      }
      const right = this.rightOf(next);
      left = compared !== undefined && isComparison(next) ? joinedBy('and', left, combined(compared, next, right)) : combined(left, next, right);
      compared = isComparison(next) ? right : undefined;
    }
    return left;
  }

  /** Takes the operator that follows, if it binds tightly enough. */
  private nextOperator(precedence: number): Operator | undefined {
    const { token } = this;
    if (token.kind !== 'operator') return undefined;
    const isNegated = token.text === 'not';
    const named = isNegated ? (this.tokens[this.at + 1] as Token) : token;
    if (isNegated && !(named.kind === 'operator' && negatable.has(named.text)))
      throw unexpected(named, 'in, matches, contains, startsWith or endsWith');
    const binds = binary[named.text];
    if (binds === undefined || binds < precedence) return undefined;
    this.at += isNegated ? 2 : 1;
    return { operator: canonical[named.text] ?? named.text, binds, isNegated, span: named };
  }

  private rightOf({ operator, binds }: Operator): Node {
    const right = this.expression(operator === '**' ? binds : binds + 1);
    if (operator === '??' && this.token.kind === 'operator' && binary[this.token.text] !== undefined && !this.is('??')) {
      throw unexpected(this.token, 'parentheses around what ?? joins, where another operator follows');
    }
    return right;
  }

  private ternary(condition: Node): Node {
    if (!this.accept('?')) return condition;
    const then = this.is(':') ? condition : this.expression(0);
    this.expect(':');
    const otherwise = this.expression(0);
    return { kind: 'choice', condition, then, otherwise, start: condition.start, end: otherwise.end };
  }

  private primary(): Node {
    const { token } = this;
    const binds = token.kind === 'operator' ? unary[token.text] : undefined;
    if (binds !== undefined) {
      this.take();
      const operand = this.expression(binds);
      return this.postfix({ kind: 'unary', operator: canonical[token.text] ?? token.text, operand, start: token.start, end: operand.end });
    }
    return this.postfix(this.atom());
  }

  private atom(): Node {
    const { token } = this;
    const { start, end } = token;
    if (token.kind === 'string') return { kind: 'value', value: this.take().text, start, end };
    if (token.kind === 'number') return numberOf(this.take());
    if (token.kind === 'name') return this.named(this.take());
    if (this.accept('(')) {
      const inner = this.body();
      this.expect(')');
      return inner;
    }
    if (this.is('[')) return this.array();
    if (this.is('{')) return this.map();
    if (this.is('#') && this.predicates > 0) return this.element();
    throw unexpected(token, 'a value');
  }

  private element(): Node {
    const { start, end } = this.expect('#');
    const { token } = this;
    const named = token.kind === 'name' && token.start === end;
    if (named) this.take();
    return { kind: 'element', name: named ? token.text : '', start, end: named ? token.end : end };
  }

  private named(token: Token): Node {
    const { text: name, start, end } = token;
    const constant = constants.get(name);
    if (constant !== undefined) return { kind: 'value', value: constant, start, end };
    return this.is('(') ? this.call(token, []) : { kind: 'name', name, start, end };
  }

  private call({ text: name, start, end }: Token, piped: readonly Node[]): Node {
    this.expect('(');
    const args = [...piped];
    while (!this.is(')')) {
      args.push(isPredicate(name) && args.length === 1 ? this.predicate() : this.expression(0));
      if (!this.accept(',')) break;
    }
    const last = this.expect(')');
    return { kind: 'call', name, args, nameSpan: { start, end }, start: piped[0]?.start ?? start, end: last.end };
  }

  private predicate(): Node {
    this.predicates++;
    const node = this.is('{') ? this.braced() : this.expression(0);
    this.predicates--;
    return node;
  }

  private array(): Node {
    const { start } = this.expect('[');
    const items: Node[] = [];
    while (!this.is(']')) {
      items.push(this.expression(0));
      if (!this.accept(',')) break;
    }
    return { kind: 'array', items, start, end: this.expect(']').end };
  }

  private map(): Node {
    const { start } = this.expect('{');
    const entries: { key: Node; value: Node }[] = [];
    while (!this.is('}')) {
      const key = this.key();
      this.expect(':');
      entries.push({ key, value: this.expression(0) });
      if (!this.accept(',')) break;
    }
    return { kind: 'map', entries, start, end: this.expect('}').end };
  }

  private key(): Node {
    const { kind, text, start, end } = this.token;
    if (kind === 'name' || kind === 'string' || kind === 'number') return { kind: 'value', value: this.take().text, start, end };
    if (!this.accept('(')) throw unexpected(this.token, 'a key: a name, a string, or an expression in parentheses', text);
    const inner = this.expression(0);
    this.expect(')');
    return inner;
  }

  /** Items, slices and members behind a value. */
  private postfix(value: Node): Node {
    let node = value;
    for (;;) {
      if (this.is('?.') || this.is('.')) node = this.member(node, this.take().text === '?.');
      else if (this.accept('[')) node = this.item(node);
      else return node;
    }
  }

  private member(of: Node, isOptional: boolean): Node {
    if (isOptional && this.accept('[')) return this.item(of, true);
    const { text: value, start, end } = this.expectName();
    return { kind: 'item', of, index: { kind: 'value', value, start, end }, isOptional, start: of.start, end };
  }

  private item(of: Node, isOptional = false): Node {
    const from = this.is(':') ? undefined : this.expression(0);
    if (this.accept(':')) {
      const to = this.is(']') ? undefined : this.expression(0);
      return { kind: 'slice', of, from, to, start: of.start, end: this.expect(']').end };
    }
    if (from === undefined) throw unexpected(this.token, 'an index');
    return { kind: 'item', of, index: from, isOptional, start: of.start, end: this.expect(']').end };
  }
}

function numberOf({ text, start, end }: Token): Node {
  const digits = text.replaceAll('_', '');
  const isFloat = !/^0[xob]/i.test(digits) && /[.e]/i.test(digits);
  const value = Number(digits);
  if (!Number.isFinite(value) || (!isFloat && !Number.isSafeInteger(value)))
    throw new ExpressionError(`the number ${text} is too large`, { start, end });
  return { kind: 'value', value, isFloat, start, end };
}

function unexpected(token: Token, expected: string, text = token.text): ExpressionError {
  const found = token.kind === 'end' ? 'the end of the expression' : token.kind === 'string' ? `'${text}'` : text;
  return new ExpressionError(`found ${found}, expected ${expected}`, token);
}
