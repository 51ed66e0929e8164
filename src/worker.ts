// A worker process of `multisocket`: its composition root, started by the main process only.
import { boundHeap, boundStarted } from './heap.ts';
import './compile-cache.ts';

// Only what is imported after those two is affected by them.
const [{ registry }, { runWorker }] = await Promise.all([import('../plugins/index.ts'), import('./server/worker.ts')]);
boundHeap();
runWorker(registry, process);
boundStarted();
