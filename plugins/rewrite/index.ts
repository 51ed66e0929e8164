// Changes queries on their way in and replies on their way out, by rules that are tried in order.
import {
  type Awaitable,
  definePlugin,
  type Handle,
  type Line,
  makeQuery,
  messageOf,
  type Name,
  ownClient,
  type Query,
  QueryClass,
  type Reply,
  type SetupContext,
  type Word,
  words,
} from 'ferrydns/plugin';
import { Revision } from './revision.ts';
import type { Rule } from './rule.ts';
import { parseRule } from './rule-parser.ts';
import type { Environment } from './stage.ts';
import { noSteps } from './step.ts';

export default definePlugin({
  name: 'rewrite',
  summary: 'changes names, types, classes and EDNS options of queries, and names, TTLs and response codes of replies',
  config: {
    args: { rule: words('RULE') },
    lines: { label: 'RULE...', help: 'one rule over several lines' },
    repeat: 'merge',
  },
  setup(uses, context) {
    const rules = uses.flatMap((use) => readRules(use, context));
    let resolve = (_query: Query, _cause: Query): Awaitable<Reply> => {
      throw new Error('rewrite has not been started');
    };
    return {
      diverts: (name) => typesThatLead.map((type) => diversionOf(rules, name, type)).find((found) => found !== undefined),
      handle: makeHandle(rules, { log: context.log, resolve: (query, cause) => resolve(query, cause) }),
      foresee(context) {
        resolve = (query, cause) => context.resolve(query, cause);
        return undefined;
      },
      start(startContext) {
        resolve = (query, cause) => startContext.resolve(query, cause);
      },
    };
  },
});

/** Asks the rules in order; each sees the query as those before it have left it. */
function makeHandle(rules: readonly WrittenRule[], environment: Environment): Handle {
  const nothing = new Revision(environment);
  return (query, next) => {
    let rewritten = query;
    let revision = nothing;
    let isApplied = false;
    for (const { rule, text } of rules) {
      const result = rule.rewrite(rewritten);
      if (result === undefined) continue;
      const steps = rule.steps(rewritten);
      if (steps !== noSteps) revision = revision.after(steps);
      rewritten = result;
      isApplied = true;
      query.explained?.note(`by the rule ${text}`);
      if (rule.stop) break;
    }
    if (!isApplied) query.explained?.note('no rule is for this query');
    return revision === nothing ? next(rewritten) : revision.pass({ received: query, rewritten }, next);
  };
}

/** Types whose answers lead somewhere; a rule for one of them may keep those behind it from applying. */
const typesThatLead = ['A', 'AAAA', 'HTTPS', 'SVCB', 'CNAME', 'ANY'] as const;

/** What the rules make of queries for a name, where that is another name or class. */
function diversionOf(rules: readonly WrittenRule[], name: Name, type: string): string | undefined {
  let query = makeQuery({ name, type, client: ownClient, receivedAt: 0 });
  const applied: string[] = [];
  for (const { rule, text } of rules) {
    const rewritten = rule.rewrite(query);
    if (rewritten === undefined) continue;
    if (rewritten !== query) applied.push(text);
    query = rewritten;
    if (rule.stop) break;
  }
  if (query.name === name && query.classCode === QueryClass.IN) return undefined;
  const made = query.name === name ? `queries of class ${query.class}` : `queries for ${query.name}`;
  return `makes ${made} of them by the rule ${applied.join(' and ')}`;
}

/** A rule, and how and where it is written. */
interface WrittenRule {
  readonly rule: Rule;
  readonly text: string;
}

/** The rules of one use. A block is one rule over several lines, and stands for the words of the first line. */
function readRules({ rule, lines }: { readonly rule: readonly Word[]; readonly lines: readonly Line[] }, context: SetupContext): WrittenRule[] {
  const inBlock = lines.flatMap((line) => line.words);
  const all = rule.length < 2 ? [...rule, ...inBlock] : rule;
  const rules = read(all, context);
  if (all === rule && inBlock.length > 0) read([], context, inBlock[0]);
  const place = all[0]?.place;
  const text = `${all.map((word) => word.text).join(' ')} (${place?.file}:${place?.line})`;
  return rules.map((each) => ({ rule: each, text }));
}

function read(all: readonly Word[], context: SetupContext, at = all[0]): Rule[] {
  try {
    return parseRule(all.map(({ text }) => text));
  } catch (error) {
    return context.fail(messageOf(error), at);
  }
}
