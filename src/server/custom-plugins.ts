// Loads the plugins that the global block of a Corefile names: `plugin NAME SPECIFIER [before|after OTHER]`.
import { statSync } from 'node:fs';
import { createRequire, isBuiltin, registerHooks } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatDuration } from '../config/duration.ts';
import { ConfigError, messageOf, nearest } from '../config/error.ts';
import type { Directive, Tree, Word } from '../config/tree.ts';
import type { FilesRead } from '../config/watched-file.ts';
import { isPlugin, type Plugin } from '../plugin/definition.ts';
import { errorText } from './culprit.ts';
import type { ModuleLoad, PluginModules } from './plugin-modules.ts';
import { type Registry, withPlugin } from './registry.ts';
import { inTime } from './within.ts';

const syntax = 'plugin NAME SPECIFIER [before|after OTHER]';
const entrances: Readonly<Record<string, string>> = {
  'ferrydns/built-in': '../plugin/built-in',
  'ferrydns/built-in/admin': '../plugin/admin/index',
  'ferrydns/built-in/checks': '../plugin/checks',
  'ferrydns/built-in/kubernetes': '../plugin/kubernetes-access',
  'ferrydns/built-in/moves': '../plugin/moves',
  'ferrydns/expression': '../plugin/expression',
  'ferrydns/plugin': '../plugin/index',
  'ferrydns/testing': '../testing/index',
};
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
const importConditions = ['node', 'import', 'module-sync', 'node-addons', 'default'];

/** Milliseconds until a module that does not come to its end is refused. */
const loadTime = 30_000;

/** What loading needs to know of the process. */
export interface LoadEnvironment {
  readonly registry: Registry;
  readonly modules: PluginModules;
  /** Remembers the files that were read. */
  readonly files: FilesRead;
  readonly stopping: AbortSignal;
}

interface Loading {
  readonly load: ModuleLoad;
  readonly stopping: AbortSignal;
}

/** The plugins that the tree's global block names, as one text: equal ones load the same code. */
export function customPlugins({ global }: Tree): string {
  return JSON.stringify((global?.directives ?? []).map(({ name, args }) => [name, ...args].map(({ text }) => text)));
}

/** The registry with the plugins that the tree's global block names. Problems are added to `problems`. */
export async function loadCustomPlugins(tree: Tree, environment: LoadEnvironment, problems: ConfigError[]): Promise<Registry> {
  const load = environment.modules.begin({ read: (path) => environment.files.read(path), importElsewhere });
  let extended = environment.registry;
  for (const directive of tree.global?.directives ?? []) {
    try {
      extended = await extend(extended, directive, { load, stopping: environment.stopping });
    } catch (error) {
      problems.push(error instanceof ConfigError ? error : refuse(directive.name, error));
    }
  }
  load.end();
  return extended;
}

async function extend(registry: Registry, directive: Directive, loading: Loading): Promise<Registry> {
  if (directive.name.text !== 'plugin') {
    throw new ConfigError(`Unknown directive '${directive.name.text}'`, { place: directive.name.place, expected: syntax });
  }
  const [name, specifier, side, other, extra] = directive.args;
  const sideFits = side === undefined || ((side.text === 'before' || side.text === 'after') && other !== undefined);
  if (name === undefined || specifier === undefined || !sideFits || extra !== undefined || directive.lines !== undefined) {
    throw new ConfigError(`Wrong argument count or unexpected line ending after 'plugin'`, { place: directive.name.place, expected: syntax });
  }
  openDoors();
  const plugin = await importPlugin(name, specifier, loading);
  const place = side === undefined || other === undefined ? plugin.order : side.text === 'before' ? { before: other.text } : { after: other.text };
  if (place === undefined) {
    const expected = `${syntax}; or 'order' in the plugin itself`;
    throw new ConfigError(`plugin '${name.text}' does not say where in the chain it stands`, { place: name.place, expected });
  }
  requireNeighbour(registry, 'before' in place ? place.before : place.after, other ?? name);
  try {
    return withPlugin(registry, plugin, place);
  } catch (error) {
    throw refuse(name, error);
  }
}

function requireNeighbour({ plugins }: Registry, neighbour: string, word: Word): void {
  const names = plugins.map(({ name }) => name);
  if (names.includes(neighbour)) return;
  const details = { place: word.place, expected: 'a plugin of ferrydns, or one that a line above names', suggestion: nearest(neighbour, names) };
  throw new ConfigError(`no plugin named '${neighbour}' to stand beside`, details);
}

async function importPlugin(name: Word, specifier: Word, { load, stopping }: Loading): Promise<Plugin> {
  const path = locate(specifier);
  let loaded: { readonly default?: unknown };
  try {
    const importing = isLocal(specifier.text) ? load.import(path) : importFile(path);
    const late = new Error(`it has not been loaded within ${formatDuration(loadTime)}`);
    loaded = await inTime(importing, {
      milliseconds: loadTime,
      late,
      stopping,
      stopped: new Error('it had not been loaded when the server was told to stop'),
    });
  } catch (error) {
    throw new ConfigError(`cannot load '${specifier.text}': ${errorText(error)}`, { place: specifier.place, expected: 'a module that loads' });
  }
  if (!isPlugin(loaded.default)) {
    const expected = 'a module whose default export is made by definePlugin of ferrydns/plugin, API version 1';
    throw new ConfigError(`'${specifier.text}' is no plugin`, { place: specifier.place, expected });
  }
  if (loaded.default.name !== name.text) {
    const expected = `plugin ${loaded.default.name} ${specifier.text}`;
    throw new ConfigError(`'${specifier.text}' is the plugin '${loaded.default.name}', not '${name.text}'`, { place: name.place, expected });
  }
  return loaded.default;
}

/** The file that a specifier means: a path from the Corefile, or a package beside the Corefile, else beside ferrydns. */
function locate(specifier: Word): string {
  const { text, place } = specifier;
  const folder = dirname(resolve(place.file));
  if (isLocal(text)) {
    const path = resolve(folder, text);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
    throw new ConfigError(`there is no file ${path}`, { place, expected: 'a .ts or .js file, named from the folder of the Corefile' });
  }
  for (const from of [`${folder}/`, import.meta.url]) {
    try {
      return resolvePackage(text, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw refuse(specifier, error);
    }
  }
  const expected = 'a package that npm installed there or beside ferrydns, or a path that begins with ./, ../ or /';
  throw new ConfigError(`there is no package '${text}' in ${folder}`, { place, expected });
}

function isLocal(specifier: string): boolean {
  return /^\.{0,2}\//.test(specifier);
}

/** What a local file imports that is not local itself: Node loads it, once. */
async function importElsewhere(specifier: string, from: string): Promise<Readonly<Record<string, unknown>>> {
  const entrance = entrances[specifier];
  if (entrance !== undefined) return (await import(new URL(entrance + ending, import.meta.url).href)) as Record<string, unknown>;
  if (isBuiltin(specifier) || specifier.startsWith('file:')) return (await import(specifier)) as Record<string, unknown>;
  return await importFile(resolvePackage(specifier, from));
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

/** Set while the package of a plugin is looked for, which is by the rules of `import`. */
let importing = false;

function resolvePackage(name: string, from: string): string {
  importing = true;
  try {
    return createRequire(from).resolve(name);
  } finally {
    importing = false;
  }
}

/** Lets a plugin anywhere on the disk import `ferrydns/plugin`, and gives it the copy that runs. */
const openDoors = once(() => {
  registerHooks({
    resolve(specifier, context, next) {
      const entrance = entrances[specifier];
      if (entrance !== undefined) return { url: new URL(entrance + ending, import.meta.url).href, shortCircuit: true };
      return next(specifier, importing ? { ...context, conditions: importConditions } : context);
    },
  });
});

function refuse(word: Word, error: unknown): ConfigError {
  return new ConfigError(messageOf(error), { place: word.place });
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
