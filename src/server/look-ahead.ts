// What a configuration would change: the same questions are answered by the one that runs, or by another one, and by the new one, which is set up and not started.
import { setImmediate as turn } from 'node:timers/promises';
import { type Difference, replyDifferences } from '../comparison/reply-differences.ts';
import { presentRecord } from '../dns/presentation.ts';
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import { foresightOf } from '../plugin/foresight.ts';
import type { ForeseenChange, Outlook, RecentQuestion } from '../plugin/outlook.ts';
import type { Handle, Instance } from '../plugin/plugin.ts';
import type { Use } from './block.ts';
import type { Step } from './chain.ts';
import { type Foreseen, type ForeseenFrom, ForeseenSide, questionKey } from './foreseen.ts';
import type { Generation } from './generation.ts';
import type { ListenerPlan } from './listener-plan.ts';
import type { RoutedBlock } from './zone-blocks.ts';

/** Questions between two turns of the event loop: clients go on being answered. */
const atOnce = 20;
/** Milliseconds after which no further question is put: a plugin may hang. */
const longest = 20_000;
const most = { changes: 500, unknowns: 100 };

/** What is compared. */
export interface Looked {
  readonly before: Generation;
  /** Whether `before` has started, and knows what it has cached. */
  readonly running: boolean;
  readonly after: Generation;
  readonly questions: readonly RecentQuestion[];
  readonly warnings: readonly string[];
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** Asks both, each question once. Nothing is asked of upstreams, and nothing that touches the world is started. */
export async function lookAhead({ before, running, after, questions, warnings, now }: Looked): Promise<Outlook> {
  const said = new Map<string, Reply>();
  const remember = (query: Query, upstreams: readonly string[], kept: Reply | undefined) => {
    const key = [...upstreams, questionKey(query)].join(' ');
    if (kept !== undefined) said.set(key, kept);
    return said.get(key);
  };
  const aheadOfBefore = running ? undefined : new StandIns(before);
  const beforeSide = new ForeseenSide({
    plans: before.listeners,
    block: (block) => aheadOfBefore?.block(block) ?? block,
    known: remember,
    now,
  });
  const standIns = new StandIns(after, running ? before : undefined);
  const known: ForeseenFrom['known'] = async (query, upstreams, kept) => {
    const first = remember(query, upstreams, kept);
    if (first !== undefined) return first;
    // The one that runs may have cached what the new one would ask for in place of the client's question.
    const { name, type, client, server } = query;
    await beforeSide.ask({ name, type, client: client.address, server: server === '' ? undefined : server });
    return remember(query, upstreams, undefined);
  };
  const afterSide = new ForeseenSide({ plans: after.listeners, block: (block, plan) => standIns.block(block, plan), known, now });
  const tally = new Tally();
  const until = performance.now() + longest;
  for (const [i, question] of questions.entries()) {
    if (i % atOnce === atOnce - 1) await turn();
    if (performance.now() > until) break;
    tally.add(question, await beforeSide.ask(question), await afterSide.ask(question));
  }
  return tally.outlook(warnings);
}

/** Stands in for plugins that cannot answer before they have started: what runs with the same words, else the word that it cannot be known. */
class StandIns {
  private readonly running: Generation | undefined;
  private readonly uses: readonly Use[];
  private readonly decides: ReadonlyMap<Instance, (query: Query) => boolean>;
  private readonly ofRunning: ReadonlyMap<string, Use>;

  constructor(generation: Generation, running?: Generation) {
    this.running = running;
    this.uses = usesOf(generation);
    this.decides = generation.foresee();
    this.ofRunning = new Map(running === undefined ? [] : usesOf(running).map((use) => [use.identity, use]));
  }

  block(block: RoutedBlock, plan?: ListenerPlan): RoutedBlock {
    const same = this.running?.listeners.find(({ name }) => name === plan?.name)?.answering.router.blocks.find(({ route }) => route === block.route);
    return { ...block, steps: block.steps.map((step) => this.step(step)), escorts: block.escorts.map((step) => this.escort(step, same)) };
  }

  private step(step: Step): Step {
    const use = this.uses.find(({ place }) => place === step.place);
    return use === undefined ? step : { ...step, handle: this.handleOf(use, step.handle) };
  }

  /** What stands in front of a block is of a plugin of any block. */
  private escort(step: Step, same: RoutedBlock | undefined): Step {
    const use = this.uses.find(({ place }) => place === step.place);
    const counterpart = use === undefined ? undefined : this.runningUse(use);
    return same?.escorts.find(({ place }) => place === counterpart?.place) ?? step;
  }

  private handleOf(use: Use, handle: Handle): Handle {
    const { instance, plugin, fingerprint } = use;
    if (instance.start === undefined) return handle;
    const running = this.runningUse(use)?.instance.handle;
    if (running !== undefined) return running;
    const decides = this.decides.get(instance);
    if (decides === undefined) return handle;
    return (query, next) => (decides(query) ? undecided(query, plugin.name, fingerprint) : handle(query, next));
  }

  /** The same use in what runs, with the very same words and files. */
  private runningUse({ identity, fingerprint }: Use): Use | undefined {
    const use = this.ofRunning.get(identity);
    return use?.fingerprint === fingerprint ? use : undefined;
  }
}

function undecided(query: Query, plugin: string, fingerprint: string): never {
  const foresight = foresightOf(query);
  if (foresight === undefined) throw new Error(`${plugin} has not started`);
  return foresight.unknown(
    `what ${plugin} says of ${query.name} ${query.type}, which it knows once it has started`,
    `${fingerprint} ${questionKey(query)}`,
  );
}

function usesOf({ blocks }: Generation): readonly Use[] {
  return blocks.flatMap(({ uses }) => uses);
}

/** Counts what came of the questions, and keeps what is to be told. */
class Tally {
  private readonly counts = { asked: 0, same: 0, sameSource: 0, changed: 0, unknown: 0 };
  private readonly answered = new Set<string>();
  private readonly lost = new Set<string>();
  private readonly changes: ForeseenChange[] = [];
  private readonly unknowns: Outlook['unknowns'][number][] = [];

  add(question: RecentQuestion, before: Foreseen, after: Foreseen): void {
    this.counts.asked++;
    const hadRecords = hasRecords(before) ?? question.answered ?? false;
    const lost = hadRecords && hasRecords(after) === false;
    if (hadRecords) this.answered.add(question.name);
    if (lost) this.lost.add(question.name);
    const { name, type, client = '', server = '' } = question;
    const told = { name, type, client, server, before: inWords(before), after: inWords(after) };
    if ('undecided' in before || 'undecided' in after) {
      if (isAlike(before, after)) this.counts.sameSource++;
      else if (lost) this.change({ ...told, lost, differences: [] });
      else {
        this.counts.unknown++;
        this.unknowns.push(told);
      }
      return;
    }
    const differences = differencesOf(before, after).map(({ kind, a, b }) => ({ kind, before: a, after: b }));
    if (differences.length === 0) this.counts.same++;
    else this.change({ ...told, lost, differences });
  }

  outlook(warnings: readonly string[]): Outlook {
    const { counts, answered, lost, changes, unknowns } = this;
    const ordered = [...changes.filter((change) => change.lost), ...changes.filter((change) => !change.lost)];
    return {
      ...counts,
      names: { answered: answered.size, lost: lost.size },
      warnings,
      changes: ordered.slice(0, most.changes),
      unknowns: unknowns.slice(0, most.unknowns),
    };
  }

  private change(change: ForeseenChange): void {
    this.counts.changed++;
    this.changes.push(change);
  }
}

/** Undefined where that is not known. */
function hasRecords(foreseen: Foreseen): boolean | undefined {
  if ('undecided' in foreseen) return undefined;
  return 'reply' in foreseen && foreseen.reply.rcode === 'NOERROR' && foreseen.reply.answerCount > 0;
}

/** Whether the same decides on both sides. */
function isAlike(before: Foreseen, after: Foreseen): boolean {
  if (!('undecided' in before && 'undecided' in after)) return false;
  const [one, other] = [before, after].map(({ undecided: all }) => new Set(all.map(({ alike }) => alike)));
  return one?.symmetricDifference(other ?? one).size === 0;
}

function differencesOf(
  before: Foreseen,
  after: Foreseen,
): readonly (Difference | { readonly kind: 'reply'; readonly a: string; readonly b: string })[] {
  if ('reply' in before && 'reply' in after) return replyDifferences(before.reply, after.reply);
  if ('silence' in before && 'silence' in after) return [];
  return [{ kind: 'reply', a: inWords(before), b: inWords(after) }];
}

function inWords(foreseen: Foreseen): string {
  if ('silence' in foreseen) return foreseen.silence;
  if ('undecided' in foreseen) return [...new Set(foreseen.undecided.map(({ why }) => why))].join('; ');
  const { rcode, answers } = foreseen.reply;
  return answers.length === 0 ? rcode : `${rcode}: ${answers.map(presentRecord).join(', ')}`;
}
