// Answers the questions of class CH by which one asks a server for its version and its name.
import { hostname } from 'node:os';
import { definePlugin, many, type Name, optional, parseName, type Query, QueryClass, QueryType, Reply, record, text } from 'ferrydns/plugin';

/** Octets of a character string at most (RFC 1035 section 3.3). */
const longest = 255;
const usualAuthors = ['the ferrydns contributors'];

const names = {
  authors: new Set([parseName('authors.bind')]),
  version: new Set([parseName('version.bind'), parseName('version.server')]),
  host: new Set([parseName('hostname.bind'), parseName('id.server')]),
} satisfies Readonly<Record<string, ReadonlySet<Name>>>;

export default definePlugin({
  name: 'chaos',
  summary: 'answers questions of class CH for the version, the authors and the name of the server',
  config: { args: { version: optional(text), authors: many(text) }, repeat: 'merge' },
  setup([first, ...others], { warn }) {
    if (others.length > 0) warn('of several uses only the first counts');
    const authors = first?.authors.length ? [...new Set(first.authors)] : usualAuthors;
    let version = first?.version ?? 'ferrydns';
    return {
      settings: { otherClasses: true },
      foresee: ({ server }) => {
        version = first?.version ?? `ferrydns-${server.version}`;
        return undefined;
      },
      start({ server }) {
        version = first?.version ?? `ferrydns-${server.version}`;
      },
      handle(query, next) {
        if (query.classCode !== QueryClass.CH || query.typeCode !== QueryType.TXT) return next(query);
        const { name } = query;
        if (names.version.has(name)) return answer(query, [version]);
        if (names.host.has(name)) return answer(query, [hostname()]);
        return names.authors.has(name) ? answer(query, shuffled(authors)) : next(query);
      },
    };
  },
});

function answer(query: Query, texts: readonly string[]): Reply {
  const fields = { name: query.originalName, type: 'TXT', class: 'CH', ttl: 0 };
  const records = texts.map((each) => record({ ...fields, data: [Buffer.from(each).subarray(0, longest)] }));
  return Reply.answer(records, { authoritative: false });
}

/** In an order that chance makes: nobody is always the first. */
function shuffled(texts: readonly string[]): string[] {
  return texts
    .map((each) => ({ each, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);
}
