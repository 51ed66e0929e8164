// What was asked lately, for other plugins.
import type { RecentQueries, RecentQuery } from 'ferrydns/built-in';
import { className, typeName } from 'ferrydns/plugin';
import { clientForm } from './client-form.ts';
import type { Memory } from './memory.ts';
import { RecordReader } from './record-reader.ts';
import { firstSince } from './search.ts';

/** Questions that are told at most. */
const most = 20_000;

export function recentIn(memory: Memory): RecentQueries {
  return {
    since(milliseconds) {
      const { ring } = memory;
      const reader = new RecordReader(ring);
      const found = new Map<string, RecentQuery & { count: number }>();
      const from = firstSince(ring, Date.now() - milliseconds);
      for (let number = ring.end - 1; number >= from && found.size < most; number--) {
        const query = questionOf(reader.look(ring.startOf(number)));
        const key = [query.name, query.type, query.class, query.server, query.view].join(' ');
        const known = found.get(key);
        if (known === undefined) found.set(key, query);
        else known.count++;
      }
      return [...found.values()].sort((one, other) => other.count - one.count);
    },
  };
}

function questionOf(record: RecordReader): RecentQuery & { count: number } {
  const { name, client, clientForm: form, origin } = record;
  const { server, zone, view } = origin;
  const known = form === clientForm.none || form === clientForm.hash ? undefined : client.replace(/\/\d+$/, '');
  return {
    name,
    type: typeName(record.typeCode),
    class: className(record.classCode),
    server,
    zone,
    view,
    client: known,
    answered: record.found,
    count: 1,
  };
}
