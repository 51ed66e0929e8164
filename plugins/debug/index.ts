// Switches debug lines on, and stacks behind what plugins throw unexpectedly.
import { definePlugin } from 'ferrydns/plugin';

export default definePlugin({
  name: 'debug',
  summary: 'logs debug lines, and the stack of what a plugin throws unexpectedly',
  config: { repeat: 'merge' },
  setup: () => ({ settings: { debug: true } }),
});
