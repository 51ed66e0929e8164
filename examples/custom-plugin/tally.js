// Counts queries by type and logs the counts every hour: plain JavaScript, with state that lives on through reloads.
import { definePlugin } from 'ferrydns/plugin';

export default definePlugin({
  name: 'tally',
  summary: 'logs every hour how often each type was asked for',
  config: {},
  order: { before: 'errors' },
  setup(_options, { log }) {
    const instance = {
      counts: new Map(),
      handle(query, next) {
        instance.counts.set(query.type, (instance.counts.get(query.type) ?? 0) + 1);
        return next(query);
      },
      adopt(previous) {
        instance.counts = previous.counts;
      },
      start({ every }) {
        every(3_600_000, () => log.info([...instance.counts].map(([type, count]) => `${type} ${count}`).join(', ')));
      },
    };
    return instance;
  },
});
