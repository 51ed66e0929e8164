// Says where relative file names of a server block start.
import { statSync } from 'node:fs';
import { definePlugin, file, type SetupContext } from 'ferrydns/plugin';

export default definePlugin({
  name: 'root',
  summary: 'says where relative file names of a server block start',
  config: { args: { path: file }, repeat: 'merge' },
  setup(uses, context) {
    const path = uses.at(-1)?.path ?? '';
    checkFolder(path, context);
    return { settings: { root: path } };
  },
});

/** A folder that is missing may appear later; one that cannot be looked at is an error. */
function checkFolder(path: string, context: SetupContext): void {
  try {
    statSync(context.path(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') context.fail(`unable to access root path '${path}': ${message}`, 'path');
    context.warn(`Root path does not exist: ${path}`, 'path');
  }
}
