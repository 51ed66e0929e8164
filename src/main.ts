#!/usr/bin/env node
// The command `ferrydns`: the composition root, the only importer of the registry.
import { boundHeap, boundStarted } from './heap.ts';
import './compile-cache.ts';

// Only what is imported after those two is affected by them.
const [{ registry }, { run }] = await Promise.all([import('../plugins/index.ts'), import('./command/command.ts')]);
boundHeap();
await run(process.argv.slice(2), { registry, process });
boundStarted();
