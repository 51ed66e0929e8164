// The code of the npm package: few files instead of hundreds, because each costs time at the start. Names stay as they are, for stack traces.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';

/** Where parts that entries share lie, from the root of the package. */
const shared = 'src/chunks';
/** Parts of Node, and packages that few configurations load: npm installs those. */
const apart = /^(?:node:|@grpc\/|es-module-lexer|re2js|yaml$)/;
/** What a usual server consists of: all that these import is one file. */
const usual =
  /\/src\/command\/command\.ts$|\/plugins\/index\.ts$|\/plugins\/(?:bind|cache|errors|forward|health|hosts|loadbalance|log|loop|prometheus|ready|reload|rewrite)\/index\.ts$/;
/** Files that do something when they are imported; all others may be left out where nothing of them is used. */
const acting = /\/node_modules\/|\/src\/(?:bin|checker|compile-cache|heap|main|worker)\.ts$/;

/** How the registry loads a plugin. */
const importOfPlugin = /\(\) => import\('(\.\/(\w+)\/index\.ts)'\)/g;
const importOfNode = /^import \{([^}]*)\} from '(node:[\w/]+)';$/gm;
/** V8 keeps a file that has none of them in half the memory. */
const notAscii = /[\u0080-\uffff]/g;

interface Places {
  /** The repository. */
  readonly root: string;
  /** The package. */
  readonly dist: string;
}

/** Writes the code of the program and of what the package exports, and of all that they import. */
export async function bundle({ root, dist }: Places): Promise<void> {
  const exported = Object.entries<string>(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports);
  const doors = new Map(exported.map(([name, file]) => [`ferrydns${name.slice(1)}`, join(root, file)]));
  const entries = ['src/main.ts', 'src/worker.ts', 'src/checker.ts', ...exported.map(([, file]) => file.slice('./'.length))];
  // Those of the console's page, which is built apart, and those that are found on the way.
  const packages = new Set(['preact', 'uplot']);
  const imports = new Map<string, readonly string[]>();
  let first: ReadonlySet<string> = new Set();
  let server: ReadonlySet<string> = new Set();
  const bundled = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ''), join(root, file)])),
    platform: 'node',
    external: apart,
    treeshake: { moduleSideEffects: (id) => acting.test(id) },
    plugins: [
      {
        name: 'ferrydns',
        moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
        buildEnd() {
          const rootsOf = (which: RegExp) => [...imports.keys()].filter((id) => which.test(id));
          first = closure(rootsOf(/\/src\/(?:compile-cache|heap)\.ts$/), imports);
          server = closure(rootsOf(usual), imports);
        },
        resolveId: (id) => doors.get(id) ?? null,
        transform(code, id) {
          const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
          if (name !== undefined) packages.add(name);
          // What a file finds by where it lies stays where it is, though its code goes elsewhere.
          const place = relative(join(root, shared), id).replace(/\.ts$/, '.js');
          const found = code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`).replace(importOfNode, onlyNamed);
          return id === join(root, 'plugins/index.ts') ? withUsual(found, root) : found;
        },
        generateBundle(_, files) {
          for (const file of Object.values(files)) if (file.type === 'chunk') file.code = file.code.replace(notAscii, escaped);
        },
      },
    ],
  });
  await bundled.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${shared}/[name].js`,
    comments: false,
    codeSplitting: {
      groups: [
        { name: 'first', test: (id) => first.has(id) },
        { name: 'server', test: (id) => server.has(id) },
      ],
    },
  });
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES'), licences(root, packages));
}

/** The modules, and all that they import, directly or not. */
function closure(roots: readonly string[], imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set(roots);
  for (const id of reached) for (const imported of imports.get(id) ?? []) reached.add(imported);
  return reached;
}

/** The registry, with the usual plugins at hand: each file more to import is half a millisecond of the start. */
function withUsual(code: string, root: string): string {
  const imports: string[] = [];
  const loading = code.replace(importOfPlugin, (load, file: string, name: string) => {
    if (!usual.test(join(root, 'plugins', file))) return load;
    imports.push(`import * as ${name}_ from '${file}';\n`);
    return `async () => ${name}_`;
  });
  return imports.join('') + loading;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A part of Node has getters that load more; `import` calls all of them: a WebSocket client for node:http, another crypto for node:crypto. */
function onlyNamed(_: string, names: string, part: string): string {
  const values = names.split(',').filter((name) => name.trim() !== '' && !/^\s*type\s/.test(name));
  return `const {${values.join(',').replaceAll(' as ', ': ')}} = process.getBuiltinModule('${part}');`;
}

/** The packages whose code is among that of ferrydns want to be named with it. */
function licences(root: string, packages: ReadonlySet<string>): string {
  const texts = [...packages].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const [file = ''] = globSync('LICEN[CS]E*', { cwd: folder });
    return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
