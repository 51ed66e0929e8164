// Makes a function of the text of an ES module. Node never forgets a module once it is loaded; a function that nobody holds any more is freed.
import { stripTypeScriptTypes } from 'node:module';
import { compileFunction } from 'node:vm';
import { type Export, type Import, parse } from 'es-module-lexer/js';

/** The names that a module takes from another one. */
interface Binding {
  /** As the module calls it. */
  readonly local: string;
  /** As the other one calls it; undefined for all of it. */
  readonly imported: string | undefined;
}

/** A static import of a module, or a re-export, which binds nothing. */
export interface Request {
  readonly specifier: string;
  readonly bindings: readonly Binding[];
}

/** A name that a module takes from another one and gives on. */
interface PassedOn {
  /** The number of the request. */
  readonly request: number;
  /** Undefined: every name but `default`. */
  readonly name: string | undefined;
  /** As the other one calls it; undefined for all of it. */
  readonly imported: string | undefined;
}

/** What a module gets when it runs. */
interface Surroundings {
  /** Takes a function for each export that gives its value. */
  readonly exported: (values: Readonly<Record<string, () => unknown>>) => void;
  /** What stands for `import.meta`. */
  readonly meta: object;
  /** What stands for `import()`. */
  readonly dynamic: (specifier: string, options?: unknown) => Promise<unknown>;
  /** The values of the bindings that do not change any more. */
  readonly constants: Readonly<Record<string, unknown>>;
}

/** A module that was read and can be run, each time anew. */
export interface ModuleSource {
  readonly requests: readonly Request[];
  readonly passedOn: readonly PassedOn[];
  /** The exports whose value may change after the module has run. */
  readonly changing: ReadonlySet<string>;
  /** Compiles the module. `live` has a getter for each binding that may change; they are slower than constants. Throws a SyntaxError with the place. */
  compile(constants: readonly string[], live: object): (surroundings: Surroundings) => Promise<void>;
}

/** Reads a module. Throws an Error, with file and line where that is known, when it is none. */
export function readModule(text: string, path: string): ModuleSource {
  const code = /\.[cm]?ts$/.test(path) ? withoutTypes(text, path) : text;
  const { imports, exports } = lexed(code, path);
  const statics = imports.filter((each) => each.type === 'static' || each.type === 'reexport-star');
  const own = exports.filter((each) => each.type === 'direct');
  const requests = statics.map((each) => requestOf(each, code));
  return {
    requests,
    passedOn: exports.flatMap((each) => passedOn(each, imports, statics)),
    changing: new Set(own.filter(({ localName }) => localName !== undefined && mayChange(localName, code)).map(({ name }) => name)),
    compile(constants, live) {
      const values = own.map(({ name, localName }) => `${JSON.stringify(name)}: () => ${isNameless(localName) ? defaultName : localName}`).join(', ');
      const taken = constants.length === 0 ? '' : `const { ${constants.join(', ')} } = ${names.constants};`;
      const head = `'use strict'; return (async () => { ${names.exported}({ ${values} }); ${taken} `;
      const body = edited(code, imports, exports);
      const options = { filename: path, contextExtensions: [live] };
      const run = compileFunction(`${head}${body}\n})();`, Object.values(names), options) as (...given: unknown[]) => Promise<void>;
      return ({ exported, meta, dynamic, constants: given }) => run(exported, meta, dynamic, given);
    },
  };
}

/** What the module finds in its surroundings, by names that no module has. */
const names = { exported: '__ferrydns_exported', meta: '__ferrydns_meta', dynamic: '__ferrydns_import', constants: '__ferrydns_constants' };
const defaultName = '__ferrydns_default';

/** Of `export default class extends Other` the lexer takes `extends` for the name. */
function isNameless(localName: string | undefined): boolean {
  return localName === undefined || localName === 'extends';
}

/** Lines and columns stay as they are. */
function withoutTypes(text: string, path: string): string {
  const { emitWarning } = process;
  try {
    // Node says that this function is experimental. The operator cannot act on that.
    process.emitWarning = () => {};
    return stripTypeScriptTypes(text);
  } catch (error) {
    throw located(error, path);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function lexed(code: string, path: string): { imports: readonly Import[]; exports: readonly Export[] } {
  try {
    const [imports, exports] = parse(code, path);
    return { imports, exports };
  } catch (error) {
    // The engine says better what is wrong, and where; a module that it takes as a script has no mistake but one in its imports or exports.
    compileFunction(`(async () => { ${code.replaceAll(/^\s*(?:import|export)\b.*$/gm, '')}\n})`, [], { filename: path });
    throw located(error, path);
  }
}

/** The error with the line that it names, as a stack would have it. */
function located(error: unknown, path: string): unknown {
  if (!(error instanceof Error)) return error;
  const [, line = '1'] = /(?::|^)(\d+)(?::\d+)?(?:\s|$)/.exec(`${error.message}\n${error.stack ?? ''}`) ?? [];
  error.stack = `${path}:${line}\n${error.stack}`;
  return error;
}

function requestOf(each: Import, code: string): Request {
  const { specifier, importStart, start } = each;
  const statement = code.slice(importStart, start - 1);
  const bindings = statement.startsWith('import') ? bindingsOf(statement) : [];
  return { specifier: specifier as string, bindings };
}

/** The names between `import` and `from`. */
function bindingsOf(statement: string): Binding[] {
  const clause = statement
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ' ')
    .replace(/^import/, '')
    .replace(/\bfrom\s*$/, '')
    .trim();
  const [, listed] = /\{([\s\S]*)\}/.exec(clause) ?? [];
  const [, all] = /\*\s*as\s+([^\s,]+)/.exec(clause) ?? [];
  const [, alone] = /^([^\s,{*]+)/.exec(clause) ?? [];
  const fromList = (listed ?? '').split(',').flatMap((item) => {
    const [imported, local] = item.trim().split(/\s+as\s+/);
    return imported === undefined || imported === '' ? [] : [{ imported: unquoted(imported), local: local ?? imported }];
  });
  const whole = all === undefined ? [] : [{ local: all, imported: undefined }];
  return [...(alone === undefined ? [] : [{ local: alone, imported: 'default' }]), ...whole, ...fromList];
}

function unquoted(name: string): string {
  return /^['"]/.test(name) ? name.slice(1, -1) : name;
}

function passedOn(each: Export, imports: readonly Import[], statics: readonly Import[]): PassedOn[] {
  if (each.type === 'direct') return [];
  const request = statics.indexOf(imports[each.importIndex] as Import);
  if (each.type === 'reexport-all') return [{ request, name: undefined, imported: undefined }];
  return [{ request, name: each.name, imported: each.importName ?? undefined }];
}

/** Whether a variable is declared by `let` or `var`, or seems to be. */
function mayChange(name: string, code: string): boolean {
  return new RegExp(`\\b(?:let|var)\\b[^;]*?(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(code);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The code as the body of a function: without imports and exports, its lines where they were. */
function edited(code: string, imports: readonly Import[], exports: readonly Export[]): string {
  const edits = [...imports.flatMap((each) => editOf(each)), ...exportEdits(code, exports)].sort((a, b) => a.start - b.start);
  let body = '';
  let at = 0;
  for (const { start, end, text } of edits) {
    if (start < at) continue;
    body += code.slice(at, start) + text + '\n'.repeat(code.slice(start, end).split('\n').length - 1);
    at = end;
  }
  return (body + code.slice(at)).replace(/^#!/, '//');
}

function editOf(each: Import): Edit[] {
  if (each.type === 'import-meta') return [{ start: each.start, end: each.end, text: names.meta }];
  if (each.phase !== null) throw new SyntaxError(`import ${each.phase} is not supported in plugins`);
  if (each.type === 'dynamic') return [{ start: each.importStart, end: each.importStart + 'import'.length, text: names.dynamic }];
  return [{ start: each.importStart, end: each.importEnd, text: '' }];
}

function exportEdits(code: string, exports: readonly Export[]): Edit[] {
  return [...new Set(exports.map(({ exportStart }) => exportStart))].map((start) => {
    const rest = code.slice(start);
    const [list] = /^export\s*\{[^}]*\}/.exec(rest) ?? [];
    if (list !== undefined) return { start, end: start + list.length, text: '' };
    const [byDefault] = /^export\s+default\b/.exec(rest) ?? [];
    if (byDefault === undefined) return { start, end: start + 'export'.length, text: '' };
    return defaultEdit(start, byDefault.length, rest);
  });
}

/** A declaration stays one, and gets a name if it has none; an expression becomes a constant. */
function defaultEdit(start: number, length: number, rest: string): Edit {
  const behind = rest.slice(length);
  const [nameless] = /^\s*(?:async\s+function|function|class)\s*\*?(?=\s*[({]|\s+extends\b)/.exec(behind) ?? [];
  if (nameless !== undefined) return { start, end: start + length + nameless.length, text: `${nameless.trim()} ${defaultName} ` };
  const named = /^\s*(?:async\s+function|function|class)\b/.test(behind);
  return { start, end: start + length, text: named ? '' : `const ${defaultName} =` };
}
