// A server whose chain is called directly: from the bytes of a query to the bytes of its answer, without a socket in between.
import { registry } from '../../plugins/index.ts';
import { definePlugin, Reply } from '../../src/plugin/index.ts';
import { textSource } from '../../src/server/configuration.ts';
import { withPlugin } from '../../src/server/registry.ts';
import { Responder } from '../../src/server/responder.ts';
import { Server } from '../../src/server/server.ts';
import { type Answerer, maxMessage } from '../../src/transport/answerer.ts';
import type { Subject } from './bench.ts';
import { answerTo, client, pick, queryMessage } from './samples.ts';

/** The end of each chain: the upstream's answers, a moment later, as from a network. */
const source = definePlugin({
  name: 'source',
  summary: 'answers what the upstream of the bench answers',
  config: {},
  setup: () => ({ handle: async (query) => Reply.fromWire(answerTo(query.toWire(1))) }),
});

/** The end of a chain without a cache: one kept reply for everybody. */
const constant = definePlugin({
  name: 'constant',
  summary: 'answers everything with the same records',
  config: {},
  setup: () => {
    const kept = Reply.fromWire(answerTo(queryMessage('name0.micro.bench.')));
    return { handle: () => kept };
  },
});

/**
 * Answers queries for `names` in turn, each of them answered once before, through the plugins that these directives name. `others` are the directives
 * of further server blocks for the same names, which stand before.
 */
export async function served(directives: readonly string[], names: readonly string[], others: readonly (readonly string[])[] = []): Promise<Subject> {
  const answerer = await start([...others, directives]);
  const messages = names.map((name) => queryMessage(name));
  const out = Buffer.alloc(maxMessage);
  for (const message of messages) answerer.answer(message, 0, message.length, client, out);
  // What came later is in the cache when all promises have settled.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return (count) => {
    let sum = 0;
    for (let call = 0; call < count; call += 1) {
      const message = pick(messages, call);
      const length = answerer.answer(message, 0, message.length, client, out);
      if (length <= 0) throw new Error(`no answer at hand for ${names[(call * 7919) % names.length]}`);
      sum += length;
    }
    return sum;
  };
}

/**
 * Answers queries for names that nobody has asked for before, a few at a time, each of which has its answer a moment later. What is kept of them stays
 * below the size of the cache.
 */
export async function servedLater(directives: readonly string[]): Promise<Subject> {
  const answerer = await start([directives]);
  const message = queryMessage('name000000000.micro.bench.');
  const out = Buffer.alloc(maxMessage);
  let asked = 0;
  let answered = 0;
  let octets = 0;
  const peer = {
    ...client,
    send(reply: Uint8Array) {
      octets += reply.length;
      answered++;
    },
  };
  return async (count) => {
    for (let call = 0; call < count; call++) {
      writeNumber(message, asked++);
      answerer.answer(message, 0, message.length, peer, out);
      if (call % atOnce === atOnce - 1) await undefined;
    }
    while (answered < asked) await new Promise(setImmediate);
    return octets;
  };
}

/** Queries that wait for their answer at a time. */
const atOnce = 32;

/** Puts a number into the first label of the sample. */
function writeNumber(message: Buffer, number: number): void {
  message.write(String(number).padStart(9, '0'), 17, 'latin1');
}

async function start(blocks: readonly (readonly string[])[]): Promise<Answerer> {
  const text = blocks.map((directives) => `. {\n${directives.map((directive) => `  ${directive}\n`).join('')}}\n`).join('');
  const server = new Server({
    source: textSource(text, 'micro bench'),
    registry: withPlugin(withPlugin(registry, source, { after: 'whoami' }), constant, { after: 'whoami' }),
    output: () => {},
    dnsPort: 0,
    defaultAddress: '127.0.0.1',
  });
  await server.start();
  const responder = findResponder(server);
  if (responder === undefined) throw new Error('the server has no responder that can be reached from it');
  return responder;
}

/** The first responder that hangs from `root`: it is private, and only a bench goes past the sockets. */
function findResponder(root: object): Responder | undefined {
  const seen = new Set<object>([root]);
  for (const found of seen) {
    if (found instanceof Responder) return found;
    const held: readonly unknown[] = found instanceof Map ? [...found.values()] : ArrayBuffer.isView(found) ? [] : Object.values(found);
    for (const value of held) if (typeof value === 'object' && value !== null) seen.add(value);
  }
  return undefined;
}
