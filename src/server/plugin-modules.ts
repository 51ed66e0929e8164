// The code of local plugins: the file that a Corefile names and the files that it imports, read anew at each load, run anew where they have changed.
import { createHash } from 'node:crypto';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ModuleSource, Request } from './module-source.ts';

/** What a module exports, by name. */
type Namespace = Readonly<Record<string, unknown>>;

/** A local file that has been run. It is freed when nothing uses its exports any more: no table of this process holds it. */
interface Loaded {
  readonly digest: string;
  readonly namespace: Namespace;
  /** The local files that it imports. */
  readonly imports: Set<string>;
  /** Exports whose value may still change. */
  readonly changing: ReadonlySet<string>;
  /** Whether it has run to its end. */
  done: boolean;
}

/** What modules need of the process. */
export interface ModuleEnvironment {
  /** The content of a file; throws the system's error. */
  read(path: string): Buffer;
  /** Loads what is no local file: a package, a part of Node, an export of ferrydns. `from` is the file that asks. */
  importElsewhere(specifier: string, from: string): Promise<Namespace>;
}

/** The local modules of the configuration that was loaded last. */
export class PluginModules {
  private latest: ModuleLoad | undefined;

  /**
   * Begins a load of a configuration: what it imports is run once, and not at all where it was run before and neither it nor what it imports has
   * changed. The modules before live as long as somebody uses them.
   */
  begin(environment: ModuleEnvironment): ModuleLoad {
    this.latest = new ModuleLoad(this, this.latest?.modules ?? new Map(), environment);
    return this.latest;
  }

  /** What `import()` in a local file gives: as of the load that was begun last, as whoever asks may be of an older one. */
  importFrom(specifier: string, from: string, imports: Set<string>): Promise<Namespace> {
    if (this.latest === undefined) throw new Error(`nothing is loaded that could import ${specifier}`);
    return this.latest.importFrom(specifier, from, imports);
  }
}

/** One load of a configuration. */
export class ModuleLoad {
  readonly modules = new Map<string, Loaded>();
  private readonly owner: PluginModules;
  private before: ReadonlyMap<string, Loaded>;
  private readonly environment: ModuleEnvironment;
  private readonly texts = new Map<string, { readonly text: string; readonly digest: string }>();

  constructor(owner: PluginModules, before: ReadonlyMap<string, Loaded>, environment: ModuleEnvironment) {
    this.owner = owner;
    this.before = before;
    this.environment = environment;
  }

  /** Everything that the configuration names is loaded: what was there before is forgotten. */
  end(): void {
    this.before = new Map();
    this.texts.clear();
  }

  /** What the module in a file exports. Rejects with what reading or running it throws. */
  async import(path: string): Promise<Namespace> {
    return (await this.load(path)).namespace;
  }

  async importFrom(specifier: string, from: string, imports: Set<string>): Promise<Namespace> {
    return (await this.request({ specifier, bindings: [] }, from, imports)).namespace;
  }

  private async load(path: string): Promise<Loaded> {
    // Most servers have no plugin from outside.
    const { readModule } = await import('./module-source.ts');
    const loaded = this.modules.get(path) ?? this.unchanged(path);
    if (loaded !== undefined) return loaded;
    const { text, digest } = this.textOf(path);
    if (path.endsWith('.json') || isCommonJs(path, text)) return await this.finished(path, text, digest);
    const source = readModule(text, path);
    const values: Record<string, () => unknown> = {};
    const made: Loaded = { digest, namespace: namespaceOf(values), imports: new Set(), changing: source.changing, done: false };
    this.modules.set(path, made);
    try {
      await this.run(source, { path, made, values });
    } catch (error) {
      this.modules.delete(path);
      throw error;
    }
    return made;
  }

  /** What is no ES module: data, and CommonJS, which Node itself loads, once. */
  private async finished(path: string, text: string, digest: string): Promise<Loaded> {
    const isData = path.endsWith('.json');
    const namespace = isData ? { default: JSON.parse(text) as unknown } : await this.environment.importElsewhere(pathToFileURL(path).href, path);
    const loaded: Loaded = { digest, namespace, imports: new Set(), changing: none, done: true };
    this.modules.set(path, loaded);
    return loaded;
  }

  private async run(
    source: ModuleSource,
    { path, made, values }: { path: string; made: Loaded; values: Record<string, () => unknown> },
  ): Promise<void> {
    const imported: Imported[] = [];
    for (const request of source.requests) imported.push(await this.request(request, path, made.imports));
    const { constants, live } = bind(source, imported, path);
    for (const { request, name, imported: theirs } of source.passedOn) {
      const { namespace } = imported[request] as Imported;
      const names = name === undefined ? Object.keys(namespace).filter((each) => each !== 'default' && !Object.hasOwn(values, each)) : [name];
      for (const each of names) values[each] = () => (name === undefined ? namespace[each] : theirs === undefined ? namespace : namespace[theirs]);
      define(made.namespace, values);
    }
    const exported = (own: Readonly<Record<string, () => unknown>>) => {
      Object.assign(values, own);
      define(made.namespace, values);
    };
    const url = pathToFileURL(path).href;
    const meta = { url, filename: path, dirname: dirname(path), main: false, resolve: (specifier: string) => new URL(specifier, url).href };
    const dynamic = dynamicImport(this.owner, path, made.imports);
    await source.compile(Object.keys(constants), live)({ exported, meta, dynamic, constants });
    made.done = true;
  }

  private async request({ specifier }: Request, from: string, imports: Set<string>): Promise<Imported> {
    const path = localPath(specifier, from);
    if (path === undefined) return { namespace: await this.environment.importElsewhere(specifier, from), changing: none, done: true };
    imports.add(path);
    return await this.load(path);
  }

  /** The module as it was run before, if neither its file nor one that it imports has changed. */
  private unchanged(path: string): Loaded | undefined {
    const found = new Map<string, Loaded>();
    if (!this.isUnchanged(path, found)) return undefined;
    for (const [each, loaded] of found) this.modules.set(each, loaded);
    return found.get(path);
  }

  private isUnchanged(path: string, found: Map<string, Loaded>): boolean {
    const loaded = this.before.get(path);
    if (found.has(path)) return true;
    if (loaded?.done !== true || this.textOf(path).digest !== loaded.digest) return false;
    found.set(path, loaded);
    return [...loaded.imports].every((each) => this.isUnchanged(each, found));
  }

  private read(path: string): Buffer {
    try {
      return this.environment.read(path);
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).code === 'ENOENT' ? new Error(`Cannot find module '${path}'`, { cause }) : cause;
    }
  }

  private textOf(path: string): { readonly text: string; readonly digest: string } {
    const known = this.texts.get(path);
    if (known !== undefined) return known;
    const content = this.read(path);
    const read = { text: content.toString(), digest: createHash('sha256').update(content).digest('base64') };
    this.texts.set(path, read);
    return read;
  }
}

/** A function of its own, so that it holds no variable of the load: what it holds lives as long as the module. */
function dynamicImport(owner: PluginModules, path: string, imports: Set<string>): (specifier: string) => Promise<Namespace> {
  return async (specifier) => await owner.importFrom(String(specifier), path, imports);
}

/** Whether Node takes the file for CommonJS, or for no JavaScript. */
function isCommonJs(path: string, text: string): boolean {
  if (/\.(?:c[jt]s|node|wasm)$/.test(path)) return true;
  return !/\.m[jt]s$/.test(path) && !/\b(?:import|export)\b/.test(text) && /\b(?:require\s*\(|module\.exports|exports\.)/.test(text);
}

type Imported = Pick<Loaded, 'namespace' | 'changing' | 'done'>;

const none: ReadonlySet<string> = new Set();

/** The local file that a specifier means; undefined for packages, for what lies in one, and for parts of Node. */
function localPath(specifier: string, from: string): string | undefined {
  if (isBuiltin(specifier)) return undefined;
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  const path = resolve(dirname(from), specifier.replace(/[?#].*$/, ''));
  return path.includes('/node_modules/') ? undefined : path;
}

/**
 * The bindings of a module: what cannot change any more as constants, which are fast; what may, and what is not there yet in a circle of imports, by
 * getters. Throws a SyntaxError when a module has no such export.
 */
function bind(source: ModuleSource, imported: readonly Imported[], path: string): { constants: Record<string, unknown>; live: object } {
  const constants: Record<string, unknown> = {};
  const live = Object.create(null) as object;
  for (const [i, { specifier, bindings }] of source.requests.entries()) {
    const { namespace, changing, done } = imported[i] as Imported;
    for (const { local, imported: name } of bindings) {
      if (name === undefined) constants[local] = namespace;
      else if (done && !(name in namespace)) throw missing(specifier, name, path);
      else if (done && !changing.has(name)) constants[local] = namespace[name];
      else Object.defineProperty(live, local, { get: () => namespace[name] });
    }
  }
  return { constants, live };
}

function missing(specifier: string, name: string, path: string): SyntaxError {
  const error = new SyntaxError(`The requested module '${specifier}' does not provide an export named '${name}'`);
  error.stack = `${path}:1\n${error.stack}`;
  return error;
}

function namespaceOf(values: Readonly<Record<string, () => unknown>>): Namespace {
  const namespace = Object.create(null, { [Symbol.toStringTag]: { value: 'Module' } }) as Namespace;
  define(namespace, values);
  return namespace;
}

function define(namespace: Namespace, values: Readonly<Record<string, () => unknown>>): void {
  for (const [name, get] of Object.entries(values)) {
    if (!Object.hasOwn(namespace, name)) Object.defineProperty(namespace, name, { get, enumerable: true });
  }
}
