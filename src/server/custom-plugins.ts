// Loads the plugins that the global block of a Corefile names: `plugin NAME SPECIFIER [before|after OTHER]`.
import { createRequire, registerHooks } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../config/error.ts';
import type { Directive, Tree, Word } from '../config/tree.ts';
import { isPlugin, type Plugin } from '../plugin/plugin.ts';
import { type Registry, withPlugin } from './registry.ts';

const syntax = 'plugin NAME SPECIFIER [before|after OTHER]';
const doors: Readonly<Record<string, string>> = { 'ferrydns/plugin': '../plugin/index', 'ferrydns/testing': '../testing/index' };

/** Lets a plugin anywhere on the disk import `ferrydns/plugin`, and gives it the copy that runs. */
const openDoors = once(() => {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  registerHooks({
    resolve(specifier, context, next) {
      const door = doors[specifier];
      if (door === undefined) return next(specifier, context);
      return { url: new URL(door + ending, import.meta.url).href, shortCircuit: true };
    },
  });
});

/** The registry with the plugins that the tree's global block names. Problems are added to `problems`. */
export async function loadCustomPlugins(tree: Tree, registry: Registry, problems: ConfigError[]): Promise<Registry> {
  let extended = registry;
  for (const directive of tree.global?.directives ?? []) {
    try {
      extended = await load(directive, extended);
    } catch (error) {
      problems.push(error instanceof ConfigError ? error : refuse(directive.name, error));
    }
  }
  return extended;
}

async function load(directive: Directive, registry: Registry): Promise<Registry> {
  if (directive.name.text !== 'plugin') {
    throw new ConfigError(`Unknown directive '${directive.name.text}'`, { place: directive.name.place, expected: syntax });
  }
  const [name, specifier, side, other, extra] = directive.args;
  const sideFits = side === undefined || ((side.text === 'before' || side.text === 'after') && other !== undefined);
  if (name === undefined || specifier === undefined || !sideFits || extra !== undefined || directive.lines !== undefined) {
    throw new ConfigError(`Wrong argument count or unexpected line ending after 'plugin'`, { place: directive.name.place, expected: syntax });
  }
  openDoors();
  const plugin = await importPlugin(name, specifier);
  const place = side === undefined || other === undefined ? plugin.order : side.text === 'before' ? { before: other.text } : { after: other.text };
  if (place === undefined) {
    const expected = `${syntax}; or 'order' in the plugin itself`;
    throw new ConfigError(`plugin '${name.text}' does not say where in the chain it stands`, { place: name.place, expected });
  }
  try {
    return withPlugin(registry, plugin, place);
  } catch (error) {
    throw refuse(name, error);
  }
}

async function importPlugin(name: Word, specifier: Word): Promise<Plugin> {
  const folder = dirname(resolve(specifier.place.file));
  const isPath = /^\.{0,2}\//.test(specifier.text);
  let loaded: { default?: unknown };
  try {
    const path = isPath ? resolve(folder, specifier.text) : createRequire(`${folder}/`).resolve(specifier.text);
    loaded = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw refuse(specifier, error);
  }
  if (!isPlugin(loaded.default)) {
    const expected = 'a module whose default export is made by definePlugin of ferrydns/plugin, API version 1';
    throw new ConfigError(`'${specifier.text}' is no plugin`, { place: specifier.place, expected });
  }
  if (loaded.default.name !== name.text) {
    throw new ConfigError(`'${specifier.text}' is the plugin '${loaded.default.name}'`, { place: name.place, expected: loaded.default.name });
  }
  return loaded.default;
}

function refuse(word: Word, error: unknown): ConfigError {
  return new ConfigError(error instanceof Error ? error.message : String(error), { place: word.place });
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
