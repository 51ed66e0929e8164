// Changes queries on their way in and replies on their way out, by rules that are tried in order.
import { type Awaitable, definePlugin, type Handle, type Line, type Query, type Reply, type SetupContext, type Word, words } from 'ferrydns/plugin';
import { type Environment, Revision } from './revision.ts';
import type { Rule } from './rule.ts';
import { parseRule } from './rule-parser.ts';
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
    const lines = new Map<Rule, string>();
    const rules = uses.flatMap((use) => readRules(use, context, lines));
    let resolve = (_query: Query): Awaitable<Reply> => {
      throw new Error('rewrite has not been started');
    };
    return {
      handle: makeHandle(rules, lines, { log: context.log, resolve: (query) => resolve(query) }),
      start(startContext) {
        resolve = (query) => startContext.resolve(query);
      },
    };
  },
});

/** Asks the rules in order; each sees the query as those before it have left it. */
function makeHandle(rules: readonly Rule[], lines: ReadonlyMap<Rule, string>, environment: Environment): Handle {
  const nothing = new Revision(environment);
  return (query, next) => {
    if (query.explained !== undefined) explain(query, rules, lines);
    let rewritten = query;
    let revision = nothing;
    for (const rule of rules) {
      const result = rule.rewrite(rewritten);
      if (result === undefined) continue;
      const steps = rule.steps(rewritten);
      if (steps !== noSteps) revision = revision.after(steps);
      rewritten = result;
      if (rule.stop) break;
    }
    return revision === nothing ? next(rewritten) : revision.pass({ received: query, rewritten }, next);
  };
}

/** Says which rules apply to a query. */
function explain(query: Query, rules: readonly Rule[], lines: ReadonlyMap<Rule, string>): void {
  let rewritten = query;
  const applied: Rule[] = [];
  for (const rule of rules) {
    const result = rule.rewrite(rewritten);
    if (result === undefined) continue;
    applied.push(rule);
    rewritten = result;
    if (rule.stop) break;
  }
  for (const rule of applied) query.explained?.note(`by the rule ${lines.get(rule) ?? ''}`);
  if (applied.length === 0) query.explained?.note('no rule is for this query');
}

/** The rules of one use, and their text and line. A block is one rule over several lines, and stands for the words of the first line. */
function readRules(
  use: { readonly rule: readonly Word[]; readonly lines: readonly Line[] },
  context: SetupContext,
  texts: Map<Rule, string>,
): Rule[] {
  const { rule } = use;
  const inBlock = use.lines.flatMap((line) => line.words);
  const all = rule.length < 2 ? [...rule, ...inBlock] : rule;
  const rules = read(all, context);
  if (all === rule && inBlock.length > 0) read([], context, inBlock[0]);
  const place = all[0]?.place;
  for (const each of rules) texts.set(each, `${all.map(({ text }) => text).join(' ')} (${place?.file}:${place?.line})`);
  return rules;
}

function read(all: readonly Word[], context: SetupContext, at = all[0]): Rule[] {
  try {
    return parseRule(all.map(({ text }) => text));
  } catch (error) {
    return context.fail(error instanceof Error ? error.message : String(error), at);
  }
}
