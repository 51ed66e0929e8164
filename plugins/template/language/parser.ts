// Reads the tokens of a template into its tree, by the grammar of Go's text/template.
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { readNumber } from './number.ts';
import { unquote } from './quote.ts';
import { TemplateError } from './template-error.ts';
import type { Command, Node, Operand, Pipe, Tree } from './tree.ts';

/** Reads a template. Throws a TemplateError with Go's words. */
export function parseTemplate(source: string, isFunction: (name: string) => boolean): Tree {
  return new Parser(source, isFunction).parse();
}

/** What ends a list of nodes. */
interface Ending {
  readonly by: 'end' | 'else' | 'file';
  readonly at: number;
}

type BranchKind = 'if' | 'with' | 'range';

/** What a command ends at. */
const endings: ReadonlySet<TokenKind> = new Set(['close', 'right', 'pipe', 'end']);

/** How deep actions and parentheses may lie in one another. */
const deepest = 200;

class Parser {
  private readonly tokens: readonly Token[];
  private readonly isFunction: (name: string) => boolean;
  private readonly defined = new Map<string, readonly Node[]>();
  private position = 0;
  /** The variables that are known, innermost last. */
  private variables = ['$'];
  private ranges = 0;
  private depth = 0;

  constructor(source: string, isFunction: (name: string) => boolean) {
    this.tokens = tokenize(source);
    this.isFunction = isFunction;
  }

  parse(): Tree {
    const { nodes, ending } = this.readList();
    if (ending.by !== 'file') throw new TemplateError(`unexpected {{${ending.by}}}`, ending.at);
    return { nodes, defined: this.defined };
  }

  private readList(): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.next();
      if (token.kind === 'end') return { nodes, ending: { by: 'file', at: token.at } };
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      const word = this.peekWord();
      if (word.kind !== 'keyword') {
        nodes.push({ kind: 'action', pipe: this.readPipe('command', 'close') });
        continue;
      }
      this.skipBlanks();
      this.position++;
      if (word.text === 'end' || word.text === 'else') {
        if (word.text === 'end') this.expect('close', 'end');
        return { nodes, ending: { by: word.text, at: word.at } };
      }
      const node = this.readControl(word);
      if (node !== undefined) nodes.push(node);
    }
  }

  private readControl(word: Token): Node | undefined {
    switch (word.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.readBranch(word.text, word);
      case 'break':
      case 'continue':
        if (this.ranges === 0) throw new TemplateError(`{{${word.text}}} outside {{range}}`, word.at);
        this.expect('close', `{{${word.text}}}`);
        return { kind: word.text };
      case 'template':
        return this.readCall();
      case 'define':
        this.readDefinition(this.readName('define clause'));
        return undefined;
      default:
        return this.readBlock();
    }
  }

  private readBranch(kind: BranchKind, word: Token): Node {
    this.deeper(word.at);
    const outside = this.variables.length;
    const pipe = this.readPipe(kind, 'close');
    if (kind === 'range') this.ranges++;
    const { nodes: then, ending } = this.readList();
    if (kind === 'range') this.ranges--;
    let otherwise: readonly Node[] | undefined;
    if (ending.by === 'file') throw new TemplateError('unexpected EOF', ending.at);
    if (ending.by === 'else') otherwise = this.readElse(kind);
    this.variables.length = outside;
    this.depth--;
    return { kind, pipe, then, otherwise };
  }

  /** Behind `else`: the rest of the branch, or another branch in its place. */
  private readElse(kind: BranchKind): readonly Node[] {
    const word = this.peekWord();
    if (word.kind === 'keyword' && word.text === kind && kind !== 'range') {
      this.skipBlanks();
      this.position++;
      return [this.readBranch(kind, word)];
    }
    this.expect('close', 'else');
    const { nodes, ending } = this.readList();
    if (ending.by === 'file') throw new TemplateError('unexpected EOF', ending.at);
    if (ending.by === 'else') throw new TemplateError('expected end; found {{else}}', ending.at);
    return nodes;
  }

  private readCall(): Node {
    const name = this.readName('template clause');
    const pipe = this.peekWord().kind === 'close' ? undefined : this.readPipe('template clause', 'close');
    if (pipe === undefined) this.expect('close', 'template clause');
    return { kind: 'template', name, pipe };
  }

  /** The rest of a definition. It knows no variables but `$`. */
  private readDefinition(name: string, closed = false): void {
    if (!closed) this.expect('close', 'define clause');
    const { variables, ranges } = this;
    this.variables = ['$'];
    this.ranges = 0;
    const { nodes, ending } = this.readList();
    if (ending.by !== 'end') throw new TemplateError(`unexpected ${ending.by === 'file' ? 'EOF' : '{{else}}'} in define clause`, ending.at);
    this.variables = variables;
    this.ranges = ranges;
    this.defined.set(name, nodes);
  }

  /** A definition that is used where it stands. */
  private readBlock(): Node {
    const name = this.readName('block clause');
    const pipe = this.readPipe('block clause', 'close');
    this.readDefinition(name, true);
    return { kind: 'template', name, pipe };
  }

  private readName(where: string): string {
    const token = this.nextWord();
    if (token.kind !== 'string' && token.kind !== 'raw') throw this.unexpected(token, where);
    return this.readText(token);
  }

  private readPipe(where: string, end: 'close' | 'right'): Pipe {
    const { variables, assigns } = this.readDeclaration(where);
    const commands: Command[] = [];
    while (!this.take(end)) {
      const word = this.peekWord();
      if (endings.has(word.kind)) {
        const isEmpty = commands.length === 0 && word.kind !== 'pipe';
        throw new TemplateError(isEmpty ? `missing value for ${where}` : `unexpected ${describe(word)} in ${where}`, word.at);
      }
      commands.push(this.readCommand(where));
      if (this.take('pipe') && this.peekWord().kind === end) throw new TemplateError(`missing value for ${where}`, word.at);
    }
    if (commands.length === 0) throw new TemplateError(`missing value for ${where}`, this.peek().at);
    checkStages(commands, this.peek().at);
    // A variable is known behind its declaration, not in it.
    if (!assigns) this.variables.push(...variables);
    return { variables, assigns, commands };
  }

  private readDeclaration(where: string): Pick<Pipe, 'variables' | 'assigns'> {
    const start = this.position;
    const variables: string[] = [];
    while (this.peekWord().kind === 'variable') {
      variables.push(this.nextWord().text);
      const next = this.peekWord();
      if (this.take('declare')) return { variables, assigns: false };
      if (this.take('assign')) {
        for (const name of variables) this.known(name, next.at);
        return { variables, assigns: true };
      }
      if (!this.take('comma')) break;
      if (where !== 'range' || variables.length > 1) throw new TemplateError(`too many declarations in ${where}`, next.at);
    }
    if (variables.length > 1) throw new TemplateError('range can only initialize variables', this.peek().at);
    this.position = start;
    return { variables: [], assigns: false };
  }

  private readCommand(where: string): Command {
    const operands: Operand[] = [];
    for (;;) {
      const word = this.peekWord();
      if (endings.has(word.kind)) break;
      if (operands.length > 0 && this.peek().kind !== 'space') throw this.unexpected(word, 'operand');
      operands.push(this.readOperand(where));
    }
    return operands;
  }

  private readOperand(where: string): Operand {
    const token = this.nextWord();
    const term = this.readTerm(token, where);
    const names = this.readFields();
    if (names.length === 0) return term;
    switch (term.kind) {
      case 'field':
      case 'variable':
        return { ...term, names: [...term.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        throw new TemplateError(`unexpected . after term "${token.text}"`, token.at);
      default:
        return { kind: 'chain', of: term, names };
    }
  }

  private readFields(): string[] {
    const names: string[] = [];
    for (let token = this.peek(); token.kind === 'field'; token = this.peek()) {
      names.push(token.text.slice(1));
      this.position++;
    }
    return names;
  }

  private readTerm(token: Token, where: string): Operand {
    switch (token.kind) {
      case 'identifier':
        if (!this.isFunction(token.text)) throw new TemplateError(`function "${token.text}" not defined`, token.at);
        return { kind: 'function', name: token.text, at: token.at };
      case 'dot':
        return { kind: 'dot' };
      case 'nil':
        return { kind: 'nil' };
      case 'bool':
        return { kind: 'bool', value: token.text === 'true' };
      case 'field':
        return { kind: 'field', names: [token.text.slice(1)] };
      case 'variable':
        this.known(token.text, token.at);
        return { kind: 'variable', name: token.text, names: [] };
      case 'number':
      case 'char':
        return { kind: 'number', text: token.text, value: readNumber(token) };
      case 'string':
      case 'raw':
        return { kind: 'string', text: token.text, value: this.readText(token) };
      case 'left':
        this.deeper(token.at);
        try {
          return { kind: 'pipe', pipe: this.readPipe('parenthesized pipeline', 'right') };
        } finally {
          this.depth--;
        }
      default:
        throw this.unexpected(token, where);
    }
  }

  private readText(token: Token): string {
    try {
      return unquote(token.text);
    } catch {
      throw new TemplateError('invalid syntax', token.at);
    }
  }

  private known(name: string, at: number): void {
    if (!this.variables.includes(name)) throw new TemplateError(`undefined variable "${name}"`, at);
  }

  private deeper(at: number): void {
    if (++this.depth > deepest) throw new TemplateError('the template is nested too deeply', at);
  }

  private expect(kind: TokenKind, where: string): void {
    const token = this.nextWord();
    if (token.kind !== kind) throw this.unexpected(token, where);
  }

  private unexpected(token: Token, where: string): TemplateError {
    return new TemplateError(`unexpected ${describe(token)} in ${where}`, token.at);
  }

  private peek(): Token {
    return this.tokens[this.position] as Token;
  }

  private next(): Token {
    return this.tokens[this.position++] as Token;
  }

  /** The next token that is no blank, which stays. */
  private peekWord(): Token {
    const token = this.peek();
    return token.kind === 'space' ? (this.tokens[this.position + 1] as Token) : token;
  }

  private nextWord(): Token {
    this.skipBlanks();
    return this.next();
  }

  /** Takes the next word if it is of this kind. */
  private take(kind: TokenKind): boolean {
    if (this.peekWord().kind !== kind) return false;
    this.nextWord();
    return true;
  }

  private skipBlanks(): void {
    if (this.peek().kind === 'space') this.position++;
  }
}

/** Only functions and what has methods can be given what the command before comes to. */
function checkStages(commands: readonly Command[], at: number): void {
  for (const [stage, [first]] of commands.entries()) {
    const isValue = first !== undefined && ['bool', 'dot', 'nil', 'number', 'string'].includes(first.kind);
    if (stage > 0 && isValue) throw new TemplateError(`non executable command in pipeline stage ${stage + 1}`, at);
  }
  const [first] = commands[0] ?? [];
  if (commands.length === 1 && commands[0]?.length === 1 && first?.kind === 'nil') throw new TemplateError('nil is not a command', at);
}

function describe({ kind, text }: Token): string {
  if (kind === 'end') return 'EOF';
  return kind === 'keyword' || kind === 'dot' || kind === 'nil' ? `<${text}>` : `"${text}"`;
}
