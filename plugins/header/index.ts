// Sets and clears flags in the headers of queries and replies.
import { after, definePlugin, type Query, type QueryChange, type Reply, type ReplyChange } from 'ferrydns/plugin';
import { type FlagRule, parseRule } from './rule-parser.ts';

export default definePlugin({
  name: 'header',
  summary: 'sets and clears flags in the headers of queries and replies',
  config: { lines: { label: 'query|response set|clear aa|ra|rd...', help: 'flags that are set or cleared' }, repeat: 'merge' },
  setup(uses, context) {
    const all = uses.map(({ lines }) => lines.map(({ words }) => parseRule(words, context)));
    const at = all.findIndex((each) => each.length > 0);
    if (at === -1) context.fail("Wrong argument count or unexpected line ending after 'header'");
    if (all.slice(at + 1).some((each) => each.length > 0)) context.warn('of several uses only the first with a rule counts');
    const rules = all[at] ?? [];
    const inQuery = changeOf(rules, 'query');
    const inReply = changeOf(rules, 'response');
    for (const flag of ['authoritative', 'recursionAvailable'] as const) {
      if (inQuery?.[flag] !== undefined) context.warn(`${flagNames[flag]} means nothing in a query, and is not sent on (RFC 1035 section 4.1.1)`);
    }
    const changed = (reply: Reply): Reply => (reply.declined || inReply === undefined ? reply : reply.with(inReply));
    return {
      handle(query, next) {
        const asked = inQuery?.recursionDesired === undefined ? query : withRecursionDesired(query, inQuery.recursionDesired);
        return inReply === undefined ? next(asked) : after(next(asked), changed);
      },
    };
  },
});

const flagNames = { authoritative: 'aa', recursionAvailable: 'ra', recursionDesired: 'rd' } as const;

type Flags = Pick<ReplyChange & QueryChange, 'authoritative' | 'recursionDesired'> & Pick<ReplyChange, 'recursionAvailable'>;

/** What the rules for queries or those for replies amount to, the last one about a flag counts; undefined without one. */
function changeOf(rules: readonly FlagRule[], selector: FlagRule['selector']): Flags | undefined {
  const own = rules.filter((rule) => rule.selector === selector);
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.flatMap(({ flags, on }) => flags.map((flag) => [flag, on])));
}

function withRecursionDesired(query: Query, recursionDesired: boolean): Query {
  return query.recursionDesired === recursionDesired ? query : query.with({ recursionDesired });
}
