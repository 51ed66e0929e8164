// A worker process of `multisocket`: its composition root, started by the main process only.
import './heap.ts';

import { registry } from '../plugins/index.ts';
import { runWorker } from './server/worker.ts';

runWorker(registry, process);
