// What the rules that applied to a query ask to be done to its reply, all together, in reverse order of the rules.
import { type Awaitable, isPromise, type Next, QueryError, Reply, rcodeName } from 'ferrydns/plugin';
import { AliasStage } from './alias-stage.ts';
import { RecordStage } from './record-stage.ts';
import type { Environment, Passage, Stage } from './stage.ts';
import type { OptionStep, RcodeStep, RenameStep, Step, Steps, TtlStep } from './step.ts';

/** Followers of a revision that are remembered; when there are more, all are forgotten. */
const maxFollowers = 1000;

/** Made once for each list of rules that was met, so that what it has done to a reply can be remembered. */
export class Revision {
  private readonly environment: Environment;
  private readonly steps: Steps;
  private readonly stages: readonly Stage[];
  private readonly rcodes: readonly RcodeStep[];
  private readonly followers = new Map<Steps, Revision>();

  constructor(environment: Environment, steps: Steps = [], stages: readonly Stage[] = []) {
    this.environment = environment;
    this.steps = steps;
    this.stages = stages;
    this.rcodes = steps.filter((step) => step.kind === 'rcode').toReversed();
  }

  /** This revision with the steps of one more rule. */
  after(steps: Steps): Revision {
    const known = this.followers.get(steps);
    if (known !== undefined) return known;
    const all = [...this.steps, ...steps];
    const follower = new Revision(this.environment, all, makeStages(all.toReversed(), this.environment));
    if (this.followers.size >= maxFollowers) this.followers.clear();
    this.followers.set(steps, follower);
    return follower;
  }

  /** Asks the rest of the chain and revises what it says. */
  pass(passage: Passage, next: Next): Awaitable<Reply> {
    if (this.rcodes.length > 0) return this.passWithFailures(passage, next);
    const reply = next(passage.rewritten);
    return isPromise(reply) ? reply.then((later) => this.revise(later, passage)) : this.revise(reply, passage);
  }

  private passWithFailures(passage: Passage, next: Next): Awaitable<Reply> {
    let reply: Awaitable<Reply>;
    try {
      reply = next(passage.rewritten);
    } catch (error) {
      return this.fail(error);
    }
    if (!isPromise(reply)) return this.revise(reply, passage);
    return reply.then(
      (later) => this.revise(later, passage),
      (error) => this.fail(error),
    );
  }

  private revise(reply: Reply, passage: Passage, from = 0): Awaitable<Reply> {
    if (reply === Reply.drop) return reply;
    let revised = reply;
    for (let i = from; i < this.stages.length; i++) {
      const result = this.stages[i]?.apply(revised, passage) ?? revised;
      if (isPromise(result)) return result.then((later) => this.revise(later, passage, i + 1));
      revised = result;
    }
    return revised;
  }

  /** A failure is a response code that rules may change; its reason stays known. */
  private fail(error: unknown): never {
    if (!QueryError.is(error)) throw error;
    const empty = Reply.decline(error.rcode);
    const rcode = this.rcodes.reduce((number, step) => (number === step.from ? step.to : number), empty.rcodeNumber);
    if (rcode === empty.rcodeNumber) throw error;
    const { extendedError } = error;
    throw new QueryError(rcodeName(rcode), error.message, { cause: error, ...(extendedError === undefined ? {} : { extendedError }) });
  }
}

/** Neighbours that work on single records become one stage. Where only the question was changed there is one, too: it keeps the wire form. */
function makeStages(steps: Steps, environment: Environment): Stage[] {
  const stages: Stage[] = [];
  let onRecords: (RenameStep | TtlStep)[] = [];
  const close = () => {
    if (onRecords.length > 0) stages.push(new RecordStage(onRecords));
    onRecords = [];
  };
  for (const step of steps) {
    if (isOnRecords(step)) {
      onRecords.push(step);
      continue;
    }
    close();
    if (step.kind === 'alias') stages.push(new AliasStage(step, environment));
    else stages.push(step.kind === 'rcode' ? rcodeStage(step) : optionStage(step));
  }
  close();
  return stages.length > 0 ? stages : [new RecordStage([])];
}

function isOnRecords(step: Step): step is RenameStep | TtlStep {
  return step.kind === 'name' || step.kind === 'value' || step.kind === 'ttl';
}

function rcodeStage({ from, to }: RcodeStep): Stage {
  const rcode = rcodeName(to);
  return { apply: (reply) => (reply.rcodeNumber === from ? reply.with({ rcode }) : reply) };
}

function optionStage({ code }: OptionStep): Stage {
  return {
    apply(reply, { received }) {
      if (!reply.options.some((option) => option.code === code)) return reply;
      const original = received.options.find((option) => option.code === code);
      const others = reply.options.filter((option) => option.code !== code);
      return reply.with({ options: original === undefined ? others : [...others, original] });
    },
  };
}
