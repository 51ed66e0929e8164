// Answers with records whose text templates make of the query.
import {
  type Awaitable,
  definePlugin,
  integer,
  longestMatch,
  messageOf,
  optional,
  property,
  type Query,
  QueryError,
  Reply,
  repeated,
  text,
  value,
  words,
  zoneList,
} from 'ferrydns/plugin';
import { type Answering, answerWith } from './answer.ts';
import { TemplateMetrics } from './metrics.ts';
import { readClass, readRcode, readType } from './mnemonics.ts';
import { Rule } from './rule.ts';
import { readRule } from './rule-reader.ts';

const records = { text: words('RR', 1) };

const config = {
  args: {
    class: value('CLASS', readClass, { expected: 'a class such as IN, or ANY' }),
    type: value('TYPE', readType, { expected: 'a record type such as A, or ANY' }),
    zones: zoneList(),
  },
  block: {
    match: repeated({ regex: words('REGEX', 1) }, 'expressions of which the name has to match one'),
    answer: repeated(records, 'records of the answer section'),
    additional: repeated(records, 'records of the additional section'),
    authority: repeated(records, 'records of the authority section'),
    rcode: property({ code: value('CODE', readRcode, { expected: 'a response code such as NXDOMAIN' }) }, 'the response code'),
    ederror: property({ code: integer({ min: 0, max: 65535 }), reason: optional(text) }, 'an extended error, with a text'),
    var: repeated({ name: text, expression: words('EXPRESSION', 1) }, 'a value that templates can ask for'),
    expr: repeated({ expression: words('EXPRESSION', 1) }, 'what has to be true of the query'),
    fallthrough: property({ zones: zoneList() }, 'passes on names that do not match, all or those in the zones'),
  },
  removed: { upstream: 'aliases are always followed' },
  repeat: 'merge',
} as const;

export default definePlugin({
  name: 'template',
  summary: 'answers with records whose text templates make of the query',
  config,
  async setup(uses, context) {
    const language = uses.some((use) => use.var.length + use.expr.length > 0) ? await import('./expressions.ts') : undefined;
    const rules = uses.map((use) => new Rule(readRule(use, context, language)));
    const zones = rules.flatMap(({ fields }) => fields.zones);
    const metrics = new TemplateMetrics(context.metrics);
    let resolve = (_query: Query, _cause: Query): Awaitable<Reply> => {
      throw new Error('template has not been started');
    };
    const answering: Answering = { metrics, resolve: (query, cause) => resolve(query, cause) };
    return {
      handle(query, next) {
        if (longestMatch(query.name, zones) === undefined) return next(query);
        for (const rule of rules) {
          const fitting = fittingOf(rule, query);
          if (fitting === 'pass') continue;
          query.explained?.note(`${fitting === 'fail' ? 'the name does not fit' : 'answers by'} the template at ${rule.fields.place}`);
          return fitting === 'fail' ? servfail : answerWith(rule, query, fitting, answering);
        }
        return next(query);
      },
      foresee(context) {
        resolve = (query, cause) => context.resolve(query, cause);
        return undefined;
      },
      start(started) {
        resolve = (query, cause) => started.resolve(query, cause);
      },
    };
  },
});

const servfail = Reply.decline('SERVFAIL');

/** An expression that cannot be evaluated costs the query, whatever falls through. */
function fittingOf(rule: Rule, query: Query): ReturnType<Rule['fit']> {
  try {
    return rule.fit(query);
  } catch (cause) {
    throw new QueryError('SERVFAIL', `an expression of the template at ${rule.fields.place}: ${messageOf(cause)}`, { cause });
  }
}
