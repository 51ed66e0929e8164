// Answers NXDOMAIN for the names that a file lists, and for all names below them.
import { definePlugin, duration, ExtendedError, file, parentOf, parseName, Reply, setting, WatchedFile } from 'ferrydns/plugin';

const blocked = Reply.empty('NXDOMAIN', { extendedError: ExtendedError.BLOCKED });

export default definePlugin({
  name: 'blocklist',
  summary: 'answers NXDOMAIN for the names that a file lists, and for all names below them',
  config: { args: { file }, block: { reload: setting(duration({ min: '1s' }), 'how often the file is looked at', 60_000) } },
  setup(options, context) {
    const list = new WatchedFile(context.path(options.file));
    let listed = namesIn(list.readChangeSync());
    const isListed = (name?: string): boolean => name !== undefined && (listed.has(name) || isListed(parentOf(name)));
    const count = context.metrics.counter('ferrydns_blocklist_blocked_total', 'Queries for names on the list.');
    return {
      handle(query, next) {
        if (!isListed(query.name)) return next(query);
        count.add();
        return blocked;
      },
      start({ watch }) {
        watch(list, options.reload, (content) => {
          listed = namesIn(content);
        });
      },
    };
  },
});

/** Names between blanks and line ends; `#` begins a comment. Throws when a word is no name. */
function namesIn(content: Buffer | undefined): Set<string> {
  const words = String(content).replaceAll(/#.*/g, '').split(/\s+/);
  return new Set(words.filter((word) => word !== '').map(parseName));
}
