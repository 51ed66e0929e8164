// Answers the queries for the moved names of one plan as it stands at that moment.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { type Move, migration } from 'ferrydns/built-in/moves';
import {
  type Awaitable,
  after,
  ExtendedError,
  isPromise,
  type MetadataKey,
  makeQuery,
  metadataKey,
  type Name,
  type Next,
  ownClient,
  type Query,
  QueryClass,
  QueryType,
  Reply,
} from 'ferrydns/plugin';
import type { PlanMetrics } from '../metrics.ts';
import { isLookUp } from '../watch/look-ups.ts';
import { asksTheZone } from '../watch/zone-servers.ts';
import type { ActivePlan } from './active-plan.ts';
import { Aliases } from './aliases.ts';
import { explainAnswer, explainPlan } from './explain.ts';
import type { Guard } from './guard.ts';
import { answerFor, noteAnswer } from './plan-answers.ts';
import { type Given, indexed, lacking, type Replies, type Side, type Surroundings } from './replies.ts';
import { canaryKeyOf, scopeOf, subnetLength, withScope } from './subnet.ts';

const planKey: MetadataKey<string> = metadataKey('migrate/plan', 'the plan that moves the name');
const targetKey: MetadataKey<string> = metadataKey('migrate/target', 'what the answer leads to: from, to or both');

/** What a plan says is not what the zone says. */
const notTheZone = Reply.decline('REFUSED');
const notReady = Reply.decline('SERVFAIL', ExtendedError.NOT_READY);

export interface AnsweringOptions {
  readonly move: Move;
  readonly active: ActivePlan;
  readonly surroundings: Surroundings;
  readonly guard: Guard;
  readonly metrics: PlanMetrics;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Whether this query is the plan's own, for the plugins behind. */
  asksBehind(query: Query): boolean;
  /** Takes note of an answer that did not come from the plan and was not given. */
  overruled(query: Query): void;
  /** How the plan stands, for explanations; undefined where another process runs it. */
  readonly status?: (() => PlanStatus) | undefined;
}

interface Asked {
  readonly replies: Replies;
  /** When the query came, milliseconds. */
  readonly since: number;
  readonly attempt: number;
}

/** The side that a query is led to. */
interface Drawn {
  readonly side: Side;
  readonly ttl: number;
  readonly random: number;
  /** Whether another query may be led to the other side at this moment. */
  readonly byChance: boolean;
}

/** What was given to a query, and what is to be noted of it. */
interface Handed {
  readonly names: 'from' | 'to' | 'both' | undefined;
  readonly ttl: number;
  /** Bits of the asker's subnet that decided, 0: none. */
  readonly scope: number;
}

export class Answering {
  private readonly options: AnsweringOptions;
  private readonly active: ActivePlan;
  private readonly index: ReadonlyMap<number, readonly Replies[]>;
  private readonly aliases: Aliases;

  constructor(options: AnsweringOptions) {
    this.options = options;
    this.active = options.active;
    this.aliases = new Aliases(options.move.plan.names);
    this.index = indexed(options.move, options.surroundings, (name) => makeQuery({ name, type: 'A', client: ownClient, receivedAt: 0 }).nameHash);
  }

  answer(query: Query, next: Next): Awaitable<Reply> {
    const replies = this.find(query);
    if (replies === undefined || this.options.asksBehind(query)) return this.pass(query, next);
    if (asksTheZone(query) && this.active.phase !== 'released') return notTheZone;
    if (query.explained !== undefined) {
      const { options, active } = this;
      explainPlan(query.explained, { plan: options.move.plan, active, status: options.status?.() });
    }
    return this.steer(query, next, replies);
  }

  /**
   * In front of a whole chain: what was answered without the plan is not given, whoever answered it, and the plan answers. `beside` says that the chain
   * is one of a server block without the plan: what its answers lead to was not reckoned with before the move either.
   */
  escort(query: Query, next: Next, beside: boolean): Awaitable<Reply> {
    const reply = next(query);
    if (query.classCode !== QueryClass.IN || this.options.asksBehind(query)) return reply;
    return isPromise(reply) ? reply.then((given) => this.vouch(query, next, { given, beside })) : this.vouch(query, next, { given: reply, beside });
  }

  private vouch(query: Query, next: Next, { given, beside }: { readonly given: Reply; readonly beside: boolean }): Awaitable<Reply> {
    if (given.declined) return given;
    const replies = this.find(query);
    if (replies === undefined) return this.look(query, next, given, beside);
    if (given.answerCount === 0 || this.isOwn(query, replies.name, given) || isMinimized(query, given)) return given;
    return after(
      this.steer(query, () => given, replies),
      (own) => {
        if (own !== given) this.overrule(query);
        return own;
      },
    );
  }

  /** Whether a reply, as far as it leads anywhere for a moved name, is what the plan has answered to this query. */
  private isOwn(query: Query, name: Name, reply: Reply): boolean {
    const noted = answerFor(query, name);
    if (noted === undefined) return false;
    if (!reply.leased) return !this.aliases.leadsOn(reply, query);
    return noted.names !== 'to' || !this.options.guard.leadsToA(reply);
  }

  private overrule(query: Query): void {
    const { explained, name, exchange } = query;
    const { move, overruled } = this.options;
    if (explained === undefined) overruled(query);
    else explained.note(`'${exchange.answeredBy}' answered ${name} without plan ${move.plan.name}: the answer of the plan is given instead`);
  }

  private steer(query: Query, next: Next, replies: Replies): Awaitable<Reply> {
    const { active } = this;
    // An explanation is given at once: it is not held back until there may be an answer.
    if (query.explained !== undefined && (active.damage !== undefined || active.steering().kind === 'silent')) return notReady;
    return this.steered(query, next, { replies, since: query.receivedAt, attempt: 0 });
  }

  private find(query: Query): Replies | undefined {
    if (query.classCode !== QueryClass.IN) return undefined;
    const candidates = this.index.get(query.nameHash);
    if (candidates === undefined) return undefined;
    for (const each of candidates) if (each.wire.length === query.nameLength && query.asksFor(each.wire, 0)) return each;
    return undefined;
  }

  /** What the plugins behind answer is looked at, from the start of the move until the names are given back. */
  private pass(query: Query, next: Next): Awaitable<Reply> {
    if (this.options.asksBehind(query) || query.classCode !== QueryClass.IN) return next(query);
    return after(next(query), (reply) => this.look(query, next, reply));
  }

  private look(query: Query, next: Next, reply: Reply, beside = false): Awaitable<Reply> {
    const { aliases } = this;
    if (this.active.phase === 'released' && this.active.damage === undefined) return this.renewed(query, next, reply);
    const denied = !reply.declined && reply.rcode === 'NXDOMAIN';
    if ((reply.recordCount === 0 && !denied) || (!beside && this.leavesAlone(denied))) return reply;
    const through = aliases.through(reply, query);
    if (through !== undefined) return this.isOwn(query, through, reply) ? reply : this.lead(query, next, { reply, through });
    return this.guarded(query, aliases.bare(aliases.cut(reply, query), query));
  }

  /** From the flip on other names do not lead to A. Between A and B, and where it is not known how the plan stands, they are not answered, like the moved ones. */
  private guarded(query: Query, reply: Reply): Awaitable<Reply> {
    const { guard, move } = this.options;
    if (isLookUp(query)) return reply;
    if (move.plan.mode === 'exclusive' && this.isSilent()) return guard.leadsToA(reply) ? this.withheld(query, reply) : reply;
    const { phase } = this.active;
    return phase === 'draining' || phase === 'done' ? guard.check(reply, query) : reply;
  }

  private isSilent(): boolean {
    return this.active.damage !== undefined || this.active.steering().kind === 'silent';
  }

  /** Waits for the silence to end, as long as a query for a moved name does; then gives the reply without what leads to A. */
  private withheld(query: Query, reply: Reply): Awaitable<Reply> {
    const { active, options } = this;
    const left = active.state.timing.hold - (options.now() - query.receivedAt);
    if (active.damage !== undefined || left <= 0 || query.explained !== undefined) return options.guard.withheld(reply, query);
    options.metrics.answers.held.add();
    return active.held.wait(left).then((released) => (released ? this.guarded(query, reply) : options.guard.withheld(reply, query)));
  }

  /** Before the move the upstream leads where the plan leads, but it must not deny a name that the plan answers. Who has to be silent does not know the phase. */
  private leavesAlone(denied: boolean): boolean {
    const { active } = this;
    if (active.damage !== undefined) return false;
    return active.phase === 'original' && !denied && active.steering().kind !== 'silent';
  }

  /** What a cache kept from before the hand-back may still lead to A: the upstream is asked anew. */
  private renewed(query: Query, next: Next, reply: Reply): Awaitable<Reply> {
    if (this.options.move.plan.mode !== 'exclusive' || query.caching !== 'usual' || !this.options.guard.leadsToA(reply)) return reply;
    return next(query.with({ caching: 'renew' }));
  }

  /** An answer whose aliases lead through a moved name goes on from there as the plan answers. */
  private lead(query: Query, next: Next, { reply, through }: { readonly reply: Reply; readonly through: Name }): Awaitable<Reply> {
    const asked = query.with({ name: through });
    const replies = this.find(asked);
    if (replies === undefined) return reply;
    query.explained?.note(`the answer leads through ${through}, which plan ${this.options.move.plan.name} moves`);
    return after(this.steer(asked, next, replies), (led) => {
      if (led.declined) return led;
      const answers = [...this.aliases.leading(reply, through), ...led.answers];
      const whole = Reply.answer(answers, {
        rcode: led.rcode,
        authoritative: false,
        recursionAvailable: true,
        ...(led.leased ? { leased: true } : {}),
      });
      return withScope(whole, query, Math.max(scopeOf(reply), scopeOf(led)));
    });
  }

  private steered(query: Query, next: Next, asked: Asked): Awaitable<Reply> {
    const { active } = this;
    if (query.trail !== undefined) {
      query.trail.plan = this.options.move.plan.name;
      query.trail.phase = active.phase;
    }
    if (active.damage !== undefined) return this.refuse();
    const how = active.steering();
    if (how.kind === 'silent') return this.hold(query, next, asked);
    const random = how.kind === 'fixed' && how.answer !== 'both' ? 0 : Math.random();
    const client = how.kind === 'canary' ? canaryKeyOf(query) : '';
    const scope = how.kind === 'canary' ? subnetLength(query) : 0;
    const side = migration.steer(active.state, how, { random, client });
    if (side === 'pass') return after(next(query), (reply) => this.renewed(query, next, reply));
    const { ttl } = how;
    const given = this.give(query, asked.replies, { side, ttl, random, byChance: how.kind !== 'fixed' });
    if (given === lacking) {
      query.explained?.note(`nothing is answered: ${asked.replies.trouble(side)}`);
      return this.refuse();
    }
    if (given === undefined) {
      query.explained?.note(`the plan has no answer of type ${query.type}: the plugins behind answer`);
      return this.pass(query, next);
    }
    if (!isPromise(given.reply)) return this.hand(query, given.reply, { names: given.names, ttl, scope });
    return given.reply.then((reply) => {
      // What was looked up may have taken so long that the plan stands differently now.
      const current = active.steering();
      const same = current.kind === how.kind && JSON.stringify(current) === JSON.stringify(how);
      if (same) return this.hand(query, reply, { names: given.names, ttl, scope });
      return asked.attempt < 3 ? this.steered(query, next, { ...asked, attempt: asked.attempt + 1 }) : notReady;
    });
  }

  /** Where chance leads to a service that has no address, the other side stands in for it: both may be answered then (P4). */
  private give(query: Query, replies: Replies, { byChance, ...how }: Drawn): Given | undefined {
    const given = replies.give(query, how);
    if (given !== lacking || !byChance) return given;
    return replies.give(query, { ...how, side: how.side === 'from' ? 'to' : 'from' });
  }

  private hand(query: Query, given: Reply, { names, ttl, scope }: Handed): Reply {
    const reply = withScope(given, query, Math.max(scope, scopeOf(given)));
    noteAnswer(query, names);
    if (query.explained !== undefined) {
      const { slack, caches } = this.active.state.timing;
      explainAnswer(query.explained, names, ttl * 1000 + slack + caches);
      return reply;
    }
    this.options.metrics.answers[names ?? 'other'].add();
    if (names === undefined) return reply;
    this.active.handed(query.client.address, names, ttl);
    if (query.metadata !== undefined) {
      query.metadata.set(planKey, this.options.move.plan.name);
      query.metadata.set(targetKey, names);
    }
    return reply;
  }

  /** While nothing may be answered: waits for that to change, as long as `hold` says, then answers SERVFAIL. */
  private hold(query: Query, next: Next, asked: Asked): Awaitable<Reply> {
    const { active } = this;
    const left = active.state.timing.hold - (this.options.now() - asked.since);
    if (left <= 0) return this.refuse();
    this.options.metrics.answers.held.add();
    return active.held.wait(left).then((released) => (released ? this.steered(query, next, asked) : this.refuse()));
  }

  private refuse(): Reply {
    this.options.metrics.answers.servfail.add();
    return notReady;
  }
}

/** Whether a query for records of any type was answered with as good as none of them (RFC 8482 section 4.2), as `any` does: that leads nowhere. */
function isMinimized({ typeCode }: Query, { answers }: Reply): boolean {
  return typeCode === QueryType.ANY && answers.every((each) => each.typeCode === QueryType.HINFO);
}
