#!/usr/bin/env node
// The command `ferrydns`: the composition root, the only importer of the registry.
import './heap.ts';

import { registry } from '../plugins/index.ts';
import { run } from './command/command.ts';

await run(process.argv.slice(2), { registry, process });
