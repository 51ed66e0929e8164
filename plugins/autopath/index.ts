// Tries the search path of a client on its behalf, so that a name is found by one query.
import { type SearchPaths, searchDomainsIn, searchPaths } from 'ferrydns/built-in';
import {
  type Counter,
  definePlugin,
  isSubdomain,
  longestMatch,
  messageOf,
  type Next,
  normalizeZones,
  perRoute,
  type Query,
  Reply,
  record,
  type SetupContext,
  words,
} from 'ferrydns/plugin';

export default definePlugin({
  name: 'autopath',
  summary: 'tries the search path of a client on its behalf',
  config: { args: { path: words('[ZONES...] RESOLV_CONF|@PLUGIN', 1) } },
  setup({ path: stated }, context) {
    const source = stated.at(-1)?.text ?? '';
    const zones = stated.length > 1 ? stated.slice(0, -1).flatMap(({ text }) => normalizeZones(text)) : context.zones;
    const plugin = source.startsWith('@') ? source.slice(1) : undefined;
    const own = plugin === undefined ? readSearchPath(source, context) : undefined;
    const counter = context.metrics.counter('coredns_autopath_success_total', 'Counter of requests that did autopath.', ['server']);
    const found = perRoute(({ server }) => counter({ server }));
    let paths: readonly SearchPaths[] = [];
    return {
      // Where Pods are is known by watching the cluster.
      foresee: () => (plugin === undefined ? undefined : (query) => longestMatch(query.name, zones) !== undefined),
      start({ peers }) {
        paths = peers(searchPaths).filter((each) => each.plugin === plugin);
      },
      handle(query, next) {
        if (longestMatch(query.name, zones) === undefined) return next(query);
        const path = own ?? paths[0]?.of(query);
        const first = path?.[0];
        if (path === undefined || first === undefined || query.name === first || !isSubdomain(query.name, first)) return next(query);
        return search(query, next, { path, found: found(query) });
      },
    };
  },
});

function readSearchPath(file: string, context: SetupContext): readonly string[] {
  try {
    return [...searchDomainsIn(context.read(context.path(file)).toString('utf8')), ''];
  } catch (error) {
    return context.fail(`failed to parse "${file}": ${messageOf(error)}`, 'path');
  }
}

/** The first answer that is no NXDOMAIN, under the name that was asked for; else what the name itself is answered with. */
async function search(query: Query, next: Next, { path, found }: { readonly path: readonly string[]; readonly found: Counter }): Promise<Reply> {
  const base = query.originalName.slice(0, -(path[0]?.length ?? 0));
  let first: Reply | undefined;
  for (const domain of path) {
    const name = domain === '' || domain === '.' ? base : `${base}${domain}`;
    query.explained?.note(`tries ${name}`);
    const reply = await next(first === undefined ? query : query.with({ name: name as Query['name'] }));
    first ??= reply;
    if (reply.declined || reply.rcode === 'NXDOMAIN') continue;
    found.add();
    return underName(query.originalName, reply);
  }
  return first ?? Reply.decline('SERVFAIL');
}

/** The reply with an alias in front, from the name that was asked for to the one that was found. */
function underName(name: string, reply: Reply): Reply {
  const other = reply.answers.find((each) => each.name.toLowerCase() !== name.toLowerCase());
  if (other === undefined) return reply;
  return reply.with({ answers: [record({ name, type: 'CNAME', ttl: other.ttl, data: other.name }), ...reply.answers] });
}
