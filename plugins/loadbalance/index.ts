// Changes the order of addresses in replies, so that clients that take the first one spread over all of them.
import {
  cidr,
  definePlugin,
  duration,
  file,
  formatDuration,
  type Handle,
  type Instance,
  isPromise,
  many,
  optional,
  type Query,
  QueryType,
  type Reply,
  repeated,
  type SetupContext,
  setting,
  type UseOf,
  value,
} from 'ferrydns/plugin';
import { preferred, roundRobin } from './arrangement.ts';
import { Rotation } from './rotation.ts';
import { WeightFile } from './weight-file.ts';
import { Weighting } from './weighting.ts';

const policies = ['round_robin', 'weighted'] as const;

const policy = value<(typeof policies)[number]>('round_robin|weighted', readPolicy, {
  expected: 'round_robin or weighted',
  words: policies,
  shape: {},
  fits: () => true,
});

const network = value('CIDR', readNetwork, { expected: cidr.expected, schema: { ...cidr.schema, allOf: [{ pattern: '/' }] } });

const config = {
  args: { policy: optional(policy, 'round_robin'), file: optional(file) },
  block: {
    reload: setting(duration({ min: '0s' }), 'weighted: how often the file is looked at; 0 reads it once'),
    prefer: repeated({ cidr: many(network) }, 'round_robin: addresses in these networks come first'),
  },
  repeat: 'merge',
} as const;

export default definePlugin({
  name: 'loadbalance',
  summary: 'changes the order of addresses in replies',
  config,
  setup(uses, context) {
    for (const use of uses) refuseMisplaced(use, context);
    const last = uses.at(-1);
    if (last?.policy === 'weighted') return weighted(last, context);
    const since = uses.findLastIndex((use) => use.policy === 'weighted') + 1;
    const networks = uses.slice(since).flatMap(({ prefer }) => prefer.flatMap((line) => line.cidr));
    const rotation = new Rotation(networks.length === 0 ? roundRobin : preferred(networks));
    return { handle: balance(rotation) };
  },
});

type Use = UseOf<typeof config>;

/** What orders the records of a reply. */
interface Balancer {
  readonly policy: string;
  order(reply: Reply, query: Query): Reply;
}

function balance(balancer: Balancer): Handle {
  return (query, next) => {
    const reply = next(query);
    if (isPromise(reply)) return reply.then((later) => balanced(later, query, balancer));
    return balanced(reply, query, balancer);
  };
}

function balanced(reply: Reply, query: Query, balancer: Balancer): Reply {
  query.explained?.note(`policy ${balancer.policy}`);
  // One record has one order.
  if (reply.rcodeNumber !== 0 || reply.declined || reply.recordCount < 2) return reply;
  // A transfer begins and ends with its SOA record (RFC 5936 section 2.2).
  if (query.typeCode === QueryType.AXFR || query.typeCode === QueryType.IXFR) return reply;
  return balancer.order(reply, query);
}

function weighted({ file: name = '', reload = 30_000 }: Use, context: SetupContext): Instance {
  const weights = new WeightFile(context.path(name), context.log);
  if (!weights.read()) {
    if (reload === 0) context.fail('weight file open error', 'file');
    context.warn(`Failed to open weight file: ${weights.file.path}. Will try again in ${formatDuration(reload)}`, 'file');
  }
  return {
    handle: balance(new Weighting(() => weights.table)),
    foresee: () => undefined,
    start({ watch }) {
      if (reload > 0) watch(weights.file, reload, (content) => weights.take(content));
    },
  };
}

function refuseMisplaced(use: Use, context: SetupContext): void {
  if (use.policy === 'weighted') {
    if (use.file === undefined) context.fail('missing weight file argument', 'policy');
    if (use.prefer.length > 0) context.fail("unknown property 'prefer'", 'prefer');
  } else {
    if (use.file !== undefined) context.fail(`unknown property for ${use.policy}`, 'file');
    if (use.reload !== undefined) context.fail("unknown property 'reload'", 'reload');
  }
}

function readPolicy(word: string): (typeof policies)[number] {
  const found = policies.find((name) => name === word);
  if (found === undefined) throw new Error(`unknown policy: ${word}`);
  return found;
}

/** Unlike elsewhere a bare address is no network here. */
function readNetwork(word: string) {
  try {
    if (word.includes('/')) return cidr.parse(word);
  } catch {
    // Said below, as for every other word.
  }
  throw new Error(`invalid CIDR "${word}"`);
}
