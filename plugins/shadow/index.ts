// Asks another server a share of the queries as well, behind the clients, and tells what it would answer otherwise.
import { definePlugin } from 'ferrydns/plugin';
import { grammar, readSettings } from './options.ts';
import { Shadow } from './shadow.ts';

export default definePlugin({
  name: 'shadow',
  summary: 'asks another server a share of the queries as well, and tells what it would answer otherwise',
  config: grammar,
  setup: (options, context) => new Shadow(readSettings(options), context),
});
