// Says who may ask what: rules about networks and types, of which the first that fits decides.
import { type Counter, definePlugin, ExtendedError, ownClient, perRoute, Reply, type SetupContext, zoneList } from 'ferrydns/plugin';
import { AccessList, type Action, type Decision, decide } from './access-list.ts';
import { parsePolicy } from './policy-parser.ts';

type Refusal = Exclude<Action, 'allow'>;

const replies: Readonly<Record<Refusal, Reply>> = {
  block: Reply.empty('REFUSED', { authoritative: false, extendedError: ExtendedError.BLOCKED }),
  filter: Reply.empty('NOERROR', { authoritative: false, extendedError: ExtendedError.FILTERED }),
  drop: Reply.drop,
};

export default definePlugin({
  name: 'acl',
  summary: 'says who may ask what, by networks and types',
  config: {
    args: { zones: zoneList() },
    lines: { label: 'ACTION [type QTYPE...] [net SOURCE...]', help: 'what is done with queries of these types from these networks' },
    repeat: 'merge',
  },
  setup(uses, context) {
    const lists = uses.map(({ zones, lines }) => {
      const policies = lines.map(({ words }) => parsePolicy(words, context));
      return new AccessList(zones.length === 0 ? context.zones : zones, policies);
    });
    const count = countersOf(context);
    return {
      handle(query, next) {
        // What the server asks for its own sake has no client that could be meant.
        if (query.client === ownClient) return next(query);
        const decision = decide(lists, query);
        const counters = count(query);
        if (query.explained !== undefined) query.explained.note(described(decision));
        else if (decision === undefined || decision.policy.action === 'allow') counters.allowed.add();
        else counters.refused(decision.policy.action, decision.zone).add();
        return decision === undefined || decision.policy.action === 'allow' ? next(query) : replies[decision.policy.action];
      },
    };
  },
});

/** The counters for the route of a query. */
function countersOf({ metrics }: SetupContext) {
  const labels = ['server', 'zone', 'view'] as const;
  const families = {
    block: metrics.counter('coredns_acl_blocked_requests_total', 'Counter of DNS requests being blocked.', labels),
    filter: metrics.counter('coredns_acl_filtered_requests_total', 'Counter of DNS requests being filtered.', labels),
    drop: metrics.counter('coredns_acl_dropped_requests_total', 'Counter of DNS requests being dropped.', labels),
  };
  const allowed = metrics.counter('coredns_acl_allowed_requests_total', 'Counter of DNS requests being allowed.', ['server', 'view']);
  return perRoute(({ server, view }) => {
    const made = new Map<string, Counter>();
    const refused = (action: Refusal, zone: string): Counter => {
      const key = `${action} ${zone}`;
      const counter = made.get(key) ?? families[action]({ server, zone, view });
      made.set(key, counter);
      return counter;
    };
    return { allowed: allowed({ server, view }), refused };
  });
}

function described(decision: Decision | undefined): string {
  return decision === undefined ? 'no rule is for this query: it is allowed' : `by the rule ${decision.policy.written}`;
}
