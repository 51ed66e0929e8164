// Leaves out of answers what nobody has asked for.
import { kindOf } from 'ferrydns/built-in';
import { after, definePlugin, type Query, type Reply } from 'ferrydns/plugin';

export default definePlugin({
  name: 'minimal',
  summary: 'leaves the authority and additional sections out of answers',
  config: { repeat: 'merge' },
  setup: () => ({ handle: (query, next) => after(next(query), (reply) => shortened(query, reply)) }),
});

/** Denials and referrals say by their authority section what they are; errors and the messages of a transfer are left alone. */
function shortened(query: Query, reply: Reply): Reply {
  if (reply.recordCount === reply.answerCount || reply.declined || reply.following !== undefined) return reply;
  if (kindOf(query, reply) !== 'NOERROR') return reply;
  query.explained?.note('leaves out the authority and additional sections');
  return reply.with({ authorities: [], additionals: [] });
}
