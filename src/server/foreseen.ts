// One configuration as it is asked ahead: through its own chains, with questions that nobody waits for. Plugins that have not started stand back.
import { isIP, isIPv6 } from 'node:net';
import { asSent } from '../dns/as-sent.ts';
import { readQuery } from '../dns/header.ts';
import { isSubdomain, type Name, parseName } from '../dns/name.ts';
import { makeQuery } from '../dns/own-query.ts';
import type { Query } from '../dns/query.ts';
import { QueryError } from '../dns/query-error.ts';
import { Reply } from '../dns/reply.ts';
import { makeLogger } from '../log/logger.ts';
import { MetricsRegistry } from '../metrics/registry.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Foresight } from '../plugin/foresight.ts';
import type { RecentQuestion } from '../plugin/outlook.ts';
import { buildChain } from './chain.ts';
import { InHand } from './in-hand.ts';
import { LateReplies } from './late-replies.ts';
import type { ListenerPlan } from './listener-plan.ts';
import { Responder } from './responder.ts';
import { Router } from './router.ts';
import type { RoutedBlock } from './zone-blocks.ts';

/** What cannot be known: in words, and what is the same where the same decides. */
interface Undecided {
  readonly why: string;
  readonly alike: string;
}

/** What comes of a question: what a client would be sent, silence for a reason, or that it cannot be known. */
export type Foreseen = { readonly reply: Reply } | { readonly silence: string } | { readonly undecided: readonly Undecided[] };

/** How a configuration is asked. */
export interface ForeseenFrom {
  readonly plans: readonly ListenerPlan[];
  /** The block as it is asked: its steps, or what stands in for them. */
  block(block: RoutedBlock, plan: ListenerPlan): RoutedBlock;
  /** The reply of upstreams to a query, where somebody knows it; `kept` is what a cache of this configuration has. */
  known(query: Query, upstreams: readonly string[], kept: Reply | undefined): Awaitable<Reply | undefined>;
  readonly now: () => number;
}

const silent = makeLogger(() => {}, { debug: false, form: 'text' });

export class ForeseenSide {
  private readonly from: ForeseenFrom;
  private readonly responders = new Map<ListenerPlan, Responder>();
  private readonly lateReplies = new LateReplies({ log: silent, metrics: new MetricsRegistry() });
  private readonly inHand = new InHand();

  constructor(from: ForeseenFrom) {
    this.from = from;
  }

  /** Never rejects for what a plugin does. Throws an Error at a name or type that is none. */
  async ask(question: RecentQuestion): Promise<Foreseen> {
    const plan = this.planFor(question);
    if (plan === undefined) return { silence: question.server === undefined ? 'no listener' : `no listener ${question.server}` };
    const look = new Look(this.from, (query) => this.responder(plan).reply(query));
    const query = asReceived(question, plan, this.from.now()).explainedTo(look);
    const reply = await this.responder(plan).reply(query);
    if (look.undecided.length > 0) return { undecided: look.undecided };
    return reply === Reply.drop ? { silence: 'no reply' } : { reply: asSent(reply, query) };
  }

  /** The listener that a question came to, be it at other addresses now; where that is not known, the first with a block for the name. */
  private planFor({ name, server }: RecentQuestion): ListenerPlan | undefined {
    const { plans } = this.from;
    if (server === undefined) return plans.find((plan) => holds(plan, parseName(name))) ?? plans[0];
    return plans.find((plan) => plan.name === server) ?? plans.find((plan) => wayIn(plan.name) === wayIn(server));
  }

  private responder(plan: ListenerPlan): Responder {
    const known = this.responders.get(plan);
    if (known !== undefined) return known;
    const blocks = plan.answering.router.blocks.map((block) => {
      const asked = this.from.block(block, plan);
      return { ...asked, chain: buildChain(asked), wire: undefined };
    });
    const { inHand, lateReplies } = this;
    const answering = { ...plan.answering, router: new Router(blocks), observers: [], inHand, lateReplies };
    const responder = new Responder(answering, { now: this.from.now, log: silent });
    this.responders.set(plan, responder);
    return responder;
  }
}

/** One question on its way. */
class Look implements Foresight {
  readonly foresees = true;
  readonly undecided: Undecided[] = [];
  private readonly from: ForeseenFrom;
  private readonly again: (query: Query) => Awaitable<Reply>;
  private readonly inCaches = new Map<string, Reply>();

  constructor(from: ForeseenFrom, again: (query: Query) => Awaitable<Reply>) {
    this.from = from;
    this.again = again;
  }

  note(): void {}

  kept(query: Query, reply: Reply): void {
    this.inCaches.set(questionKey(query), reply);
  }

  async upstream(query: Query, upstreams: readonly string[]): Promise<Reply> {
    const reply = await this.from.known(query, upstreams, this.inCaches.get(questionKey(query)));
    return reply ?? this.unknown(`what ${upstreams.join(', ')} says of ${query.name} ${query.type}`);
  }

  unknown(why: string, alike = why): never {
    this.undecided.push({ why, alike });
    throw new QueryError('SERVFAIL', why);
  }

  resolve(query: Query): Awaitable<Reply> {
    return this.again(query);
  }
}

/** The same for queries that an upstream answers with the same reply. */
export function questionKey({ name, type, class: klass, dnssecOk, checkingDisabled }: Query): string {
  return `${name} ${type} ${klass}${dnssecOk ? ' do' : ''}${checkingDisabled ? ' cd' : ''}`;
}

function holds({ answering }: ListenerPlan, name: Name): boolean {
  return answering.router.blocks.some(({ route }) => isSubdomain(name, route.zone));
}

/** Transport and port of a listener's name: "dns://:53" of "dns://127.0.0.1:53". */
function wayIn(server: string): string {
  return server.replace(/\/\/.*:/, '//:');
}

/** The query as a client would have sent it; over TCP, so that it is answered whole. */
function asReceived({ name, type, client: from = '' }: RecentQuestion, plan: ListenerPlan, now: number): Query {
  const address = isIP(from) === 0 ? '127.0.0.1' : from;
  const family = isIPv6(address) ? 6 : 4;
  const localAddress = plan.address === '' ? (family === 6 ? '::1' : '127.0.0.1') : plan.address;
  const client = { address, port: 53, family, transport: 'tcp', localAddress, localPort: plan.port } as const;
  const wire = makeQuery({ name: parseName(name), type, client, receivedAt: now }).toWire(0);
  const query = readQuery(wire, 0, wire.length, client, now);
  if (typeof query === 'number') throw new Error(`nobody can ask for ${name} ${type}`);
  query.detach();
  return query;
}
