// Answers NXDOMAIN for the names that a file lists, and for all names below them.
import { readFileSync } from 'node:fs';
import { definePlugin, duration, ExtendedError, file, parentOf, parseName, Reply, setting } from 'ferrydns/plugin';

const blocked = Reply.empty('NXDOMAIN', { extendedError: ExtendedError.BLOCKED });

export default definePlugin({
  name: 'blocklist',
  summary: 'answers NXDOMAIN for the names that a file lists, and for all names below them',
  config: { args: { file }, block: { reload: setting(duration({ min: '1s' }), 'how often the file is read again', 60_000) } },
  setup(options, context) {
    const path = context.path(options.file);
    let listed = readNames(path);
    const isListed = (name?: string): boolean => name !== undefined && (listed.has(name) || isListed(parentOf(name)));
    const count = context.metrics.counter('ferrydns_blocklist_blocked_total', 'Queries for names on the list.');
    return {
      handle(query, next) {
        if (!isListed(query.name)) return next(query);
        count.add();
        return blocked;
      },
      start({ every }) {
        every(options.reload, () => {
          listed = readNames(path);
        });
      },
    };
  },
});

/** Names between blanks and line ends; `#` begins a comment. Throws when the file cannot be read or a word is no name. */
function readNames(path: string): Set<string> {
  const words = readFileSync(path, 'utf8').replaceAll(/#.*/g, '').split(/\s+/);
  return new Set(words.filter((word) => word !== '').map(parseName));
}
