// Tells of each query and what became of it: in memory for the admin address, in a file, on standard output.
import { definePlugin } from 'ferrydns/plugin';
import { grammar, readSettings } from './options.ts';
import { QueryLogInstance } from './query-log-instance.ts';

export default definePlugin({
  name: 'querylog',
  summary: 'keeps each query and what became of it, to look at, to follow and to count',
  config: grammar,
  setup: (uses, context) => new QueryLogInstance(readSettings(uses, context), context),
});
