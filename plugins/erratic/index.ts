// Drops, delays and truncates answers by number, for tests of clients.
import { definePlugin, duration, flag, integer, type Next, optional, property, type Query, QueryType, Reply, value } from 'ferrydns/plugin';
import { addressReply, transfer } from './answers.ts';

const usual = { amount: 2, duration: 100 };
const most = 0x7fffffff;
const amount = value('AMOUNT', parseAmount, {
  ...integer({ min: -most, max: most }),
  schema: integer({ min: 0, max: most }).schema,
  parse: parseAmount,
  expected: 'a whole number, 0 for never',
});

export default definePlugin({
  name: 'erratic',
  summary: 'answers with made-up addresses, and drops, delays and truncates some of the answers',
  config: {
    block: {
      drop: property({ amount: optional(amount, usual.amount) }, 'drops one of so many answers'),
      truncate: property({ amount: optional(amount, usual.amount) }, 'truncates one of so many answers'),
      delay: property(
        { amount: optional(amount, usual.amount), duration: optional(duration({ min: '0s' }), usual.duration) },
        'delays one of so many answers',
      ),
      large: flag('answers questions for A records with 30 of them'),
    },
    repeat: 'merge',
  },
  setup(uses) {
    const last = <T>(values: readonly (T | undefined)[]): T | undefined => values.findLast((each) => each !== undefined);
    const truncate = last(uses.map((use) => use.truncate))?.amount ?? 0;
    const delay = last(uses.map((use) => use.delay)) ?? { amount: 0, duration: 0 };
    const bare = truncate === 0 && delay.amount === 0 ? usual.amount : 0;
    const drop = last(uses.map((use) => use.drop))?.amount ?? bare;
    const large = uses.some((use) => use.large);
    let queries = 0;
    const answer = (query: Query, number: number): Reply => {
      if (falls(number, drop)) return Reply.drop;
      const truncated = falls(number, truncate);
      if (query.typeCode === QueryType.AXFR) return transfer(query.originalName, truncated);
      return addressReply(query, large ? 30 : 1)?.with({ truncated }) ?? Reply.decline('SERVFAIL');
    };
    return {
      settings: { transfers: true },
      patience: delay.amount === 0 ? 0 : delay.duration,
      ready: () => (queries >= 3 && queries < 5) || `${queries} queries so far, is ready from 3 to 4`,
      handle(query: Query, _next: Next) {
        const number = queries;
        if (query.explained === undefined) queries++;
        const reply = answer(query, number);
        return falls(number, delay.amount) && query.explained === undefined ? later(delay.duration, reply, query.signal) : reply;
      },
    };
  },
});

/** Whether it is the turn of the query with this number, counted from 0. */
function falls(number: number, every: number): boolean {
  return every > 0 && number % every === 0;
}

/** The reply after so many milliseconds, or when nobody waits for it any more. */
function later(milliseconds: number, reply: Reply, signal: AbortSignal): Promise<Reply> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve(reply);
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}

function parseAmount(word: string): number {
  if (!/^[+-]?\d+$/.test(word) || Math.abs(Number(word)) > most) throw new Error(`parsing "${word}": invalid syntax`);
  if (Number(word) < 0) throw new Error(`illegal amount value given "${word}"`);
  return Number(word);
}
