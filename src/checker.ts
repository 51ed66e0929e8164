// A process that checks one text for a server: its composition root, started by the server only.
import { boundHeap } from './heap.ts';
import './compile-cache.ts';

// Only what is imported after those two is affected by them.
const [{ registry }, { runChecker }] = await Promise.all([import('../plugins/index.ts'), import('./command/checker.ts')]);
boundHeap();
runChecker(registry, process);
