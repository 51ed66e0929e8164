// Placeholder while this plugin is being written.
import { definePlugin } from 'ferrydns/plugin';

export default definePlugin({ name: 'hosts', summary: '', config: {}, setup: () => ({}) });
