// Answers questions of type ANY with next to nothing (RFC 8482 section 4.2).
import { definePlugin, QueryType, Reply, record } from 'ferrydns/plugin';

const ttl = 8482;

export default definePlugin({
  name: 'any',
  summary: 'answers questions of type ANY with a HINFO record that says that they are obsolete',
  config: { repeat: 'merge' },
  setup: () => ({
    handle(query, next) {
      if (query.typeCode !== QueryType.ANY) return next(query);
      const obsolete = record({ name: query.originalName, type: 'HINFO', ttl, data: { cpu: 'ANY obsoleted', os: 'See RFC 8482' } });
      return Reply.answer([obsolete], { authoritative: false });
    },
  }),
});
