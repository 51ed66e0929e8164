// The rule that changes the name asked for, and undoes that in the reply.
import { isSubdomain, type Name, type Query, QueryError } from 'ferrydns/plugin';
import { exactly, type Matcher, type Renaming } from './renaming.ts';
import type { Rule } from './rule.ts';
import type { Steps } from './step.ts';

/** What became of one name. */
interface Outcome {
  readonly name: string;
  readonly steps: Steps;
}

/** Names whose outcome is remembered; when there are more, all are forgotten. */
const maxOutcomes = 1000;

/** Changes one name into another. The reply always comes back under the first. */
export class ExactNameRule implements Rule {
  readonly stop: boolean;
  private readonly matches: Matcher;
  private readonly to: string;
  private readonly allSteps: Steps;

  constructor(names: { readonly from: string; readonly to: string }, answerSteps: Steps, stop: boolean) {
    this.stop = stop;
    this.matches = exactly(names.from);
    this.to = names.to;
    this.allSteps = [...mapBack(names.to, names.from), ...answerSteps];
  }

  rewrite(query: Query): Query | undefined {
    return this.matches(query) ? renamed(query, this.to) : undefined;
  }

  steps(): Steps {
    return this.allSteps;
  }
}

/** How a {@link NameRule} treats replies. */
export interface AnswerOptions {
  /** Whether the new name, and names below it, become the old one again. */
  readonly auto: boolean;
  /** What was asked for by `answer name` and `answer value`. */
  readonly steps: Steps;
}

/** Changes names by their parts or by a pattern. */
export class NameRule implements Rule {
  readonly stop: boolean;
  private readonly rename: Renaming;
  private readonly answer: AnswerOptions;
  /** An array of this rule's own even if it is empty: replies are remembered by it. */
  private readonly fixedSteps: Steps;
  private readonly outcomes = new Map<string, Outcome>();

  constructor(rename: Renaming, answer: AnswerOptions, stop: boolean) {
    this.stop = stop;
    this.rename = rename;
    this.answer = answer;
    this.fixedSteps = [...answer.steps];
  }

  rewrite(query: Query): Query | undefined {
    const outcome = this.outcomeOf(query.name);
    return outcome === undefined ? undefined : renamed(query, outcome.name);
  }

  steps(query: Query): Steps {
    return this.outcomeOf(query.name)?.steps ?? this.fixedSteps;
  }

  private outcomeOf(name: string): Outcome | undefined {
    const known = this.outcomes.get(name);
    if (known !== undefined) return known;
    const other = this.rename(name);
    if (other === undefined) return undefined;
    const steps = this.answer.auto ? [...mapBack(other, name), ...this.fixedSteps] : this.fixedSteps;
    const outcome = { name: other, steps };
    if (this.outcomes.size >= maxOutcomes) this.outcomes.clear();
    this.outcomes.set(name, outcome);
    return outcome;
  }
}

/** Steps that exchange two ends of names, in owners and in data. */
export function swapSuffix(from: string, to: string): Steps {
  const rename = (name: string) => (name.toLowerCase().endsWith(from) ? name.slice(0, name.length - from.length) + to : name);
  return [
    { kind: 'name', rename },
    { kind: 'value', rename },
  ];
}

/** Steps that make one name of another, and of the names below it, in owners and in data. */
function mapBack(from: string, to: string): Steps {
  const rename = (name: string) => {
    if (name.length < from.length) return name;
    const lower = name.toLowerCase();
    if (lower === from) return to;
    if (from === '.' || !isSubdomain(lower, from)) return name;
    const head = name.slice(0, name.length - from.length);
    return to === '.' ? head : head + to;
  };
  return [
    { kind: 'name', rename },
    { kind: 'value', rename },
  ];
}

function renamed(query: Query, name: string): Query {
  try {
    return query.with({ name: name as Name });
  } catch (cause) {
    throw new QueryError('SERVFAIL', `invalid name after rewrite: ${name}`, { cause });
  }
}
