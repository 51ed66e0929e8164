// What a rule is, and the rules that need little: type, class, ttl, rcode, cname.
import type { Query } from 'ferrydns/plugin';
import type { Matcher } from './renaming.ts';
import { noSteps, type Steps } from './step.ts';

/** One rule. It is asked with the query as the rules before it have left it. */
export interface Rule {
  /** Whether the rules behind it are passed over where it applies. */
  readonly stop: boolean;
  /** The query as this rule leaves it, the same one if only the reply is to be changed; undefined when the rule does not apply. */
  rewrite(query: Query): Query | undefined;
  /** What is to be done to the reply; asked only where the rule applied, with the query that it was given. The same array for the same steps. */
  steps(query: Query): Steps;
}

/** Changes the type asked for. */
export function typeRule(from: number, to: string, stop: boolean): Rule {
  return { stop, rewrite: (query) => (query.typeCode === from ? query.with({ type: to }) : undefined), steps: () => noSteps };
}

/** Changes the class asked for. */
export function classRule(from: number, to: string, stop: boolean): Rule {
  return { stop, rewrite: (query) => (query.classCode === from ? query.with({ class: to }) : undefined), steps: () => noSteps };
}

/** Changes the replies to the queries that match. */
export function replyRule(matches: Matcher, steps: Steps, stop: boolean): Rule {
  return { stop, rewrite: (query) => (matches(query) ? query : undefined), steps: () => steps };
}
