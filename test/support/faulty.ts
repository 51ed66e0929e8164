// A plugin for tests that fails as the name asked for says: "fail.test.", "panic.test.", "later-fail.test.", "drop.test.", "slow.test.".
import { definePlugin, type Query, QueryError, Reply } from 'ferrydns/plugin';

/** Queries that wait for {@link release}. */
const waiting: (() => void)[] = [];

/** Lets every query for slow.test go on. */
export function release(): void {
  for (const go of waiting.splice(0)) go();
}

/** How many queries wait. */
export function waitingCount(): number {
  return waiting.length;
}

export const faulty = {
  plugin: definePlugin({
    name: 'faulty',
    summary: 'fails as the name says',
    config: {},
    setup: () => ({ handle: (query, next) => reactions[query.name]?.(query) ?? next(query) }),
  }),
  place: { before: 'whoami' },
};

const reactions: Readonly<Record<string, (query: Query) => Reply | Promise<Reply>>> = {
  'fail.test.': () => {
    throw new QueryError('SERVFAIL', 'upstream is away', { extendedError: 23 });
  },
  'refuse.test.': () => {
    throw new QueryError('REFUSED', 'not for you');
  },
  'later-fail.test.': () => Promise.reject(new QueryError('SERVFAIL', 'upstream stayed away')),
  'panic.test.': () => {
    throw new TypeError('this is a bug');
  },
  'later-panic.test.': () => Promise.reject(new TypeError('this is a late bug')),
  'drop.test.': () => Reply.drop,
  'later.test.': (query) => Promise.resolve(Reply.empty('NXDOMAIN')).then((reply) => (query.name === '' ? Reply.drop : reply)),
  'slow.test.': () => new Promise((resolve) => waiting.push(() => resolve(Reply.empty('NXDOMAIN')))),
};
