// Answers a name with those of its members that are well: by turns, by weight, by client, or the next one when the first is down.
import { definePlugin } from 'ferrydns/plugin';
import { grammar, readSettings } from './options.ts';
import { Pool } from './pool.ts';

export default definePlugin({
  name: 'pool',
  summary: 'answers a name with those of its members that are well',
  config: grammar,
  setup: (options, context) => new Pool(readSettings(options, context), context),
});
