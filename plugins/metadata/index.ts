// Lets plugins tell each other, and the log, what they know of a query before the chain runs.
import { definePlugin, type Instance, longestMatch, metadataSource, type Name, type Query, zoneList } from 'ferrydns/plugin';

export default definePlugin({
  name: 'metadata',
  summary: 'collects what plugins know of a query, for log, rewrite and others',
  config: { args: { zones: zoneList() } },
  setup: ({ zones }, context) => collector(zones.length > 0 ? zones : context.zones),
});

function collector(zones: readonly Name[]): Instance {
  let sources: readonly ((query: Query) => void)[] = [];
  return {
    collect(query) {
      query.collectMetadata();
      if (sources.length > 0 && longestMatch(query.name, zones) !== undefined) {
        for (const source of sources) source(query);
      }
    },
    foresee(context) {
      sources = context.peers(metadataSource);
      return undefined;
    },
    start(context) {
      sources = context.peers(metadataSource);
    },
  };
}
