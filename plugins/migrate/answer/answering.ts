// Answers the queries for the moved names of one plan as it stands at that moment.
import {
  type Awaitable,
  after,
  ExtendedError,
  isPromise,
  type MetadataKey,
  type Move,
  makeQuery,
  metadataKey,
  migration,
  type Name,
  type Next,
  type Query,
  QueryClass,
  Reply,
} from 'ferrydns/plugin';
import type { PlanMetrics } from '../metrics.ts';
import type { Status } from '../status.ts';
import { Aliases } from './aliases.ts';
import { explainAnswer, explainPlan } from './explain.ts';
import type { Guard } from './guard.ts';
import type { Helm } from './helm.ts';
import { indexed, type Replies, type Surroundings } from './replies.ts';

const planKey: MetadataKey<string> = metadataKey('migrate/plan', 'the plan that moves the name');
const targetKey: MetadataKey<string> = metadataKey('migrate/target', 'what the answer leads to: from, to or both');

const notReady = Reply.decline('SERVFAIL', ExtendedError.NOT_READY);
const nobody = { address: '127.0.0.1', port: 0, family: 4, transport: 'tcp', localAddress: '127.0.0.1', localPort: 0 } as const;

export interface AnsweringOptions {
  readonly move: Move;
  readonly helm: Helm;
  readonly surroundings: Surroundings;
  readonly guard: Guard;
  readonly metrics: PlanMetrics;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Whether this query is the plan's own, for the plugins behind. */
  asksBehind(query: Query): boolean;
  /** How the plan stands, for explanations; undefined where another process runs it. */
  readonly status?: (() => Status) | undefined;
}

interface Asked {
  readonly replies: Replies;
  /** When the query came, milliseconds. */
  readonly since: number;
  readonly attempt: number;
}

export class Answering {
  private readonly options: AnsweringOptions;
  private readonly helm: Helm;
  private readonly index: ReadonlyMap<number, readonly Replies[]>;
  private readonly aliases: Aliases;

  constructor(options: AnsweringOptions) {
    this.options = options;
    this.helm = options.helm;
    this.aliases = new Aliases(options.move.plan.names);
    this.index = indexed(options.move, options.surroundings, (name) => makeQuery({ name, type: 'A', client: nobody, receivedAt: 0 }).nameHash);
  }

  answer(query: Query, next: Next): Awaitable<Reply> {
    const replies = this.find(query);
    if (replies === undefined || this.options.asksBehind(query)) return this.pass(query, next);
    if (query.explained !== undefined) {
      const { options, helm } = this;
      explainPlan(query.explained, { plan: options.move.plan, helm, status: options.status?.() });
    }
    return this.steer(query, next, replies);
  }

  private steer(query: Query, next: Next, replies: Replies): Awaitable<Reply> {
    const { helm } = this;
    // Nobody waits for an answer that is explained.
    if (query.explained !== undefined && (helm.damage !== undefined || helm.steering().kind === 'silent')) return notReady;
    return this.steered(query, next, { replies, since: query.receivedAt, attempt: 0 });
  }

  private find(query: Query): Replies | undefined {
    if (query.classCode !== QueryClass.IN) return undefined;
    const candidates = this.index.get(query.nameHash);
    if (candidates === undefined) return undefined;
    for (const each of candidates) if (each.wire.length === query.nameLength && query.asksFor(each.wire, 0)) return each;
    return undefined;
  }

  /** What other names are answered with is looked at, from the start of the move until the names are given back. */
  private pass(query: Query, next: Next): Awaitable<Reply> {
    if (this.options.asksBehind(query)) return next(query);
    const reply = next(query);
    return isPromise(reply) ? reply.then((late) => this.look(query, next, late)) : this.look(query, next, reply);
  }

  private look(query: Query, next: Next, reply: Reply): Awaitable<Reply> {
    const { phase, damage } = this.helm;
    if (reply.recordCount === 0 || (damage === undefined && (phase === 'original' || phase === 'released'))) return reply;
    const through = this.aliases.through(reply, query);
    if (through !== undefined) return this.lead(query, next, { reply, through });
    const bare = this.aliases.bare(reply);
    return phase === 'draining' || phase === 'done' ? this.options.guard.check(bare, query) : bare;
  }

  /** Behind a moved name an answer leads where the plan leads. */
  private lead(query: Query, next: Next, { reply, through }: { readonly reply: Reply; readonly through: Name }): Awaitable<Reply> {
    const asked = query.with({ name: through });
    const replies = this.find(asked);
    if (replies === undefined) return reply;
    query.explained?.note(`the answer leads through ${through}, which plan ${this.options.move.plan.name} moves`);
    return after(this.steer(asked, next, replies), (led) => {
      if (led.declined) return led;
      const answers = [...this.aliases.leading(reply, through), ...led.answers];
      return Reply.answer(answers, { rcode: led.rcode, authoritative: false, recursionAvailable: true, ...(led.leased ? { leased: true } : {}) });
    });
  }

  private steered(query: Query, next: Next, asked: Asked): Awaitable<Reply> {
    const { helm } = this;
    if (helm.damage !== undefined) return this.refuse();
    const how = helm.steering();
    if (how.kind === 'silent') return this.hold(query, next, asked);
    if (how.kind === 'fixed' && how.answer === 'pass') return next(query);
    const random = how.kind === 'fixed' && how.answer !== 'both' ? 0 : Math.random();
    const client = how.kind === 'canary' ? clientOf(query) : '';
    const { answer, ttl } = migration.steer(helm.state, how, { random, client, waited: 0 });
    if (answer !== 'from' && answer !== 'to' && answer !== 'both') return notReady;
    const given = asked.replies.give(query, { side: answer, ttl, random });
    if (given === undefined) {
      query.explained?.note(`the plan has no answer of type ${query.type}: the plugins behind answer`);
      return this.pass(query, next);
    }
    if (!isPromise(given.reply)) return this.hand(query, given.reply, { names: given.names, ttl });
    return given.reply.then((reply) => {
      // What was looked up may have taken so long that the plan stands differently now.
      const current = helm.steering();
      const same = current.kind === how.kind && JSON.stringify(current) === JSON.stringify(how);
      if (same) return this.hand(query, reply, { names: given.names, ttl });
      return asked.attempt < 3 ? this.steered(query, next, { ...asked, attempt: asked.attempt + 1 }) : notReady;
    });
  }

  private hand(query: Query, reply: Reply, { names, ttl }: { readonly names: 'from' | 'to' | 'both' | undefined; readonly ttl: number }): Reply {
    if (query.explained !== undefined) {
      const { slack, caches } = this.helm.state.timing;
      explainAnswer(query.explained, names, ttl * 1000 + slack + caches);
      return reply;
    }
    this.options.metrics.answers[names ?? 'other'].add();
    if (names === undefined) return reply;
    this.helm.handed(query.client.address, names, ttl);
    if (query.metadata !== undefined) {
      query.metadata.set(planKey, this.options.move.plan.name);
      query.metadata.set(targetKey, names);
    }
    return reply;
  }

  /** Nothing may be answered: waits a while for that to change, then says so. */
  private hold(query: Query, next: Next, asked: Asked): Awaitable<Reply> {
    const { helm } = this;
    const left = helm.state.timing.hold - (this.options.now() - asked.since);
    if (left <= 0) return this.refuse();
    this.options.metrics.answers.held.add();
    return helm.held.wait(left).then((released) => (released ? this.steered(query, next, asked) : this.refuse()));
  }

  private refuse(): Reply {
    this.options.metrics.answers.servfail.add();
    return notReady;
  }
}

/** Whom a share of the clients is drawn from: the subnet that the query carries (RFC 7871), the address, or its /64. */
export function clientOf(query: Query): string {
  const subnet = query.edns ? query.options.find(({ code }) => code === 8)?.data : undefined;
  if (subnet !== undefined && subnet.length > 4)
    return `subnet ${Buffer.from(subnet.subarray(0, 3)).toString('hex')} ${Buffer.from(subnet.subarray(4)).toString('hex')}`;
  return migration.clientOf(query.client.address);
}
