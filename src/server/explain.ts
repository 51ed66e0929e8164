// Answers a question that no client has asked, by the same responder and plugins as any other, and tells everything that had a part in the answer.
import { isIPv6 } from 'node:net';
import type { Place } from '../config/error.ts';
import type { Client } from '../dns/client.ts';
import { ExtendedError, headerFlag, QueryType } from '../dns/codes.ts';
import { extendedErrorsOf } from '../dns/extended-error.ts';
import { readQuery } from '../dns/header.ts';
import { isSubdomain } from '../dns/name.ts';
import { makeQuery } from '../dns/own-query.ts';
import { presentRecord } from '../dns/presentation.ts';
import type { Query } from '../dns/query.ts';
import { minimizeAny, render } from '../dns/render.ts';
import { Reply } from '../dns/reply.ts';
import { readUint16 } from '../dns/wire.ts';
import type { Logger } from '../log/logger.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { ExplainedAnswer, ExplainedBlock, ExplainedStep, Explanation, Question } from '../plugin/explanation.ts';
import { maxMessage } from '../transport/answerer.ts';
import { buildChain } from './chain.ts';
import { outcomeOf } from './explain-differences.ts';
import { Inquiry, Trace, traced } from './explain-trace.ts';
import type { ListenerPlan } from './listener-plan.ts';
import { Responder } from './responder.ts';
import { Router } from './router.ts';
import type { RoutedBlock } from './zone-blocks.ts';

interface Context {
  readonly now: () => number;
  readonly log: Logger;
}

/** Octets of a UDP message that the client seems to take, as resolvers do (DNS flag day 2020). */
const udpSize = 1232;

/** Asks one of the listeners. Rejects when the question names one that is not among them. */
export async function explain(plans: readonly ListenerPlan[], question: Question, context: Context): Promise<Explanation> {
  const holding = plans.filter(({ answering }) => answering.router.blocks.some(({ route }) => isSubdomain(question.name, route.zone)));
  const plan = question.server === undefined ? (holding[0] ?? plans[0]) : plans.find(({ name }) => name === question.server);
  if (plan === undefined) throw new Error(`no listener ${question.server ?? ''}, expected one of ${plans.map(({ name }) => name).join(', ')}`);
  const query = received(question, plan, context.now());
  const inquiry = new Inquiry(plan, query);
  await ask(inquiry, context);
  const otherServers = holding.filter((other) => other !== plan).map(({ name }) => name);
  return { ...told(inquiry), otherServers };
}

/** Asks what a plugin wants to know while its own query is explained. */
export function explainLookup(plan: ListenerPlan, query: Query, context: Context): Awaitable<Reply> {
  const inquiry = new Inquiry(plan, query.with({}));
  if (query.explained instanceof Trace) query.explained.lookups.push(inquiry);
  return ask(inquiry, context);
}

/** The responder refuses, routes and turns failures into replies as it does for clients; only the chains are others. */
function ask(inquiry: Inquiry, context: Context): Awaitable<Reply> {
  const { answering } = inquiry.plan;
  const blocks = answering.router.blocks.map((block) => ({
    ...block,
    chain: block.chain === undefined ? undefined : buildChain(block, traced),
  }));
  const responder = new Responder({ ...answering, router: new Router(blocks) }, context);
  return inquiry.ask((query) => responder.reply(query));
}

/** The query as a client would have sent it. */
function received({ name, type, client: address }: Question, plan: ListenerPlan, now: number): Query {
  const family = isIPv6(address) ? 6 : 4;
  const localAddress = plan.address === '' ? (family === 6 ? '::1' : '127.0.0.1') : plan.address;
  const client: Client = { address, port: 53, family, transport: 'udp', localAddress, localPort: plan.port };
  const wire = makeQuery({ name, type, client, receivedAt: now }).with({ udpSize }).toWire(0);
  const query = readQuery(wire, 0, wire.length, client, now);
  if (typeof query === 'number') throw new Error(`nobody can ask for ${name} ${type}`);
  query.detach();
  return query;
}

function told({ plan, query, outcome, traces, notes, milliseconds }: Inquiry): Explanation {
  const { name, type, class: klass, client, route } = query;
  const holding = holdersOf(plan, query);
  // Where a plugin throws what it should not, the query counts as dropped and has that route.
  const first = traces[0]?.step;
  const chosen = holding.find((block) => block.route === route) ?? holding.find(({ steps }) => first !== undefined && steps.includes(first));
  return {
    question: { name, type, class: klass },
    client: client.address,
    server: plan.name,
    otherServers: [],
    block: chosen === undefined ? null : describe(chosen),
    otherBlocks: holding.filter((block) => block !== chosen).map(describe),
    steps: traces.map(stepOf),
    answer: outcome === undefined || 'error' in outcome || outcome.reply === Reply.drop ? null : answerOf(outcome.reply, query),
    milliseconds: rounded(milliseconds),
    remarks: [...notes, ...remarksOn(query, chosen, holding[0])],
  };
}

function holdersOf({ answering }: ListenerPlan, { name }: Query): RoutedBlock[] {
  const holding = answering.router.blocks.filter(({ route }) => isSubdomain(name, route.zone));
  return holding.sort((a, b) => b.route.zone.length - a.route.zone.length);
}

function remarksOn({ typeCode, type }: Query, chosen: RoutedBlock | undefined, longest: RoutedBlock | undefined): string[] {
  if (typeCode === QueryType.AXFR || typeCode === QueryType.IXFR)
    return [`queries of type ${type} are refused where no plugin of the server block has zones to give`];
  if (chosen === undefined)
    return [longest === undefined ? 'no zone of this listener holds the name: refused' : 'no server block takes the query: refused'];
  if (chosen.chain === undefined) return ['the server block has no plugin that answers: refused'];
  return typeCode === QueryType.DS && chosen.route.zone !== longest?.route.zone
    ? ['DS records are looked for in the zone above (RFC 4035 section 3.1.4.1)']
    : [];
}

function describe({ route, place }: RoutedBlock): ExplainedBlock {
  return { zone: route.zone, view: route.view, place: show(place) };
}

function stepOf(trace: Trace): ExplainedStep {
  const { step, behind, lookups, notes, milliseconds } = trace;
  const elsewhere = [...behind, ...lookups].reduce((sum, each) => sum + each.milliseconds, 0);
  return {
    plugin: step.name,
    place: show(step.place),
    ...outcomeOf(trace),
    milliseconds: rounded(Math.max(0, milliseconds - elsewhere)),
    notes,
    lookups: lookups.map(told),
  };
}

/** What the message to the client says, read from its bytes. */
function answerOf(reply: Reply, query: Query): ExplainedAnswer {
  const out = Buffer.alloc(maxMessage);
  const message = out.subarray(0, render(minimizeAny(reply, query), query, out, maxMessage));
  const sent = Reply.fromWire(message);
  const word = readUint16(message, 2);
  return {
    rcode: sent.rcode,
    flags: flagNames.filter(([, bit]) => (word & bit) !== 0).map(([name]) => name),
    answers: sent.answers.map(presentRecord),
    authorities: sent.authorities.map(presentRecord),
    additionals: sent.additionals.map(presentRecord),
    extendedErrors: extendedErrorsOf(sent.options).map(describeError),
  };
}

const flagNames = [
  ['qr', headerFlag.response],
  ['aa', headerFlag.authoritative],
  ['tc', headerFlag.truncated],
  ['rd', headerFlag.recursionDesired],
  ['ra', headerFlag.recursionAvailable],
  ['ad', headerFlag.authenticData],
  ['cd', headerFlag.checkingDisabled],
] as const;

function describeError({ code, text }: { readonly code: number; readonly text: string }): string {
  const [name] = Object.entries(ExtendedError).find(([, known]) => known === code) ?? [];
  const meaning = name === undefined ? String(code) : `${code} (${name.toLowerCase().replaceAll('_', ' ')})`;
  return text === '' ? meaning : `${meaning}: ${text}`;
}

function show({ file, line }: Place): string {
  return `${file}:${line}`;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
