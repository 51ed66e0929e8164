// Logs queries with what was answered: one line each, in a format of the user's choice.
import { choice, definePlugin, many, repeated, setting, words } from 'ferrydns/plugin';
import { QueryLog } from './query-log.ts';
import { type LoggedClass, parseClass, rulesOf } from './rules.ts';

const classes = many<LoggedClass>({ ...choice('success', 'denial', 'error', 'all'), parse: parseClass }, 1);

export default definePlugin({
  name: 'log',
  summary: 'logs queries and what was answered',
  config: {
    args: { namesAndFormat: words('[NAMES...] [FORMAT]') },
    block: {
      class: repeated({ classes }, 'the kinds of replies to log; all unless given'),
      format: setting(choice('json'), 'writes each query as one object of JSON'),
    },
    repeat: 'merge',
  },
  setup(uses, context) {
    const rules = uses.flatMap((use) =>
      rulesOf(
        use.namesAndFormat,
        use.class.flatMap((line) => line.classes),
        use.format === 'json',
        context,
      ),
    );
    const queryLog = new QueryLog(rules, context);
    return { handle: (query, next) => queryLog.handle(query, next) };
  },
});
