// `npm start`: serves Corefile.example, or what `npm start -- -conf FILE` names.
import { boundHeap, boundStarted } from '../src/heap.ts';
import '../src/compile-cache.ts';
import { join } from 'node:path';

const words = process.argv.slice(2);
const example = join(import.meta.dirname, '..', 'Corefile.example');
// Only what is imported after heap and cache is affected by them.
const [{ registry }, { run }] = await Promise.all([import('../plugins/index.ts'), import('../src/command/command.ts'), page()]);
boundHeap();

if (words.length > 0) {
  await run(words, { registry, process });
} else {
  await run(['-conf', example], { registry, process });
  if (process.exitCode === undefined)
    process.stdout.write(
      '\nServing Corefile.example. Try:\n\n    dig @127.0.0.1 -p 1053 www.example.domain\n\nand look at http://127.0.0.1:8053/ in a browser.\n\n',
    );
}
boundStarted();

/** The page of `console`, for as long as the server can do without it. */
async function page(): Promise<void> {
  const { buildPageWhenOld } = await import('./page.ts');
  await buildPageWhenOld().catch((error: Error) => process.stderr.write(`the page of the console cannot be built: ${error.message}\n`));
}
