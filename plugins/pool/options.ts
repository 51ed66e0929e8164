// The grammar of a pool, and its options as settings. Refuses what cannot be meant, at the word that is wrong.
import type { AllDown } from 'ferrydns/built-in';
import { type AdminAccess, readAdminAccess } from 'ferrydns/built-in/admin';
import { agentSyntax, type CheckSpec, checkSyntax, readAgent, readCheck } from 'ferrydns/built-in/checks';
import {
  adminSyntax,
  type ConfigSpec,
  choice,
  duration,
  flag,
  integer,
  isSubdomain,
  type Name,
  type OptionsOf,
  optional,
  property,
  repeated,
  type SetupContext,
  setting,
  value,
  words,
  zone,
} from 'ferrydns/plugin';
import { type MemberSpec, readMember } from './member-words.ts';
import type { PolicyName } from './policy.ts';
import type { Failback } from './succession.ts';

const policies = ['round_robin', 'weighted', 'sticky', 'failover', 'least_load'] as const;
const policy = value<PolicyName>(policies.join('|'), readPolicy, { words: policies, expected: choice(...policies).expected });
const allDown = choice('hold', 'all', 'backup', 'servfail');
const memberSyntax = 'ADDRESS|NAME|service/NAMESPACE/NAME [ADDRESS...] [srv PRIORITY PORT|mx PREFERENCE] [weight N] [backup]';

export const grammar = {
  args: { name: zone },
  block: {
    member: repeated({ member: words(memberSyntax, 1) }, 'one of those that answers name'),
    policy: setting(policy, 'which of the members that are well an answer names', 'round_robin'),
    check: repeated({ check: words(checkSyntax, 1) }, 'how to find out whether a member is well'),
    agent: property({ agent: words(agentSyntax, 1) }, 'where members say themselves how they are'),
    ttl: setting(integer({ min: 0, max: 604_800 }), 'seconds that an answer may be cached', 10),
    max_answers: setting(integer({ min: 1, max: 1000 }), 'members that one answer names at most; one, with round_robin all'),
    failback: property(
      { when: choice('auto', 'manual', 'after'), delay: optional(duration({ min: '0s' })) },
      'when members that come first answer again',
    ),
    all_down: setting(allDown, 'what is answered when no member is well', 'hold'),
    admin: property({ admin: words(adminSyntax, 1) }, 'where the pool is told of and failed back over HTTP'),
    fallthrough: flag('passes on queries for the name of types that no member has'),
  },
  repeat: 'chain',
  once: true,
  needs: ['member'],
} as const satisfies ConfigSpec;

export type Options = OptionsOf<typeof grammar>;

/** What a pool is made of. */
export interface PoolSettings {
  readonly name: Name;
  readonly members: readonly MemberSpec[];
  readonly policy: PolicyName;
  readonly checks: readonly CheckSpec[];
  readonly agent: CheckSpec | undefined;
  /** Seconds. */
  readonly ttl: number;
  readonly maxAnswers: number;
  readonly failback: Failback;
  readonly allDown: AllDown;
  readonly fallthrough: boolean;
  /** Undefined: the pool is told of nowhere. */
  readonly admin: AdminAccess | undefined;
}

export function readSettings(options: Options, context: SetupContext): PoolSettings {
  const { name } = options;
  const fail: SetupContext['fail'] = context.fail;
  const host = name.replace(/\.$/, '');
  const members = options.member.map(({ member }) => readMember(member, fail));
  const settings: PoolSettings = {
    name,
    members,
    policy: options.policy,
    checks: options.check.map(({ check }) => readCheck(check, { host, fail: (message, at) => fail(message, at ?? 'check') })),
    agent: options.agent === undefined ? undefined : readAgent(options.agent.agent, { host, fail: (message, at) => fail(message, at ?? 'agent') }),
    ttl: options.ttl,
    maxAnswers: options.max_answers ?? (options.policy === 'round_robin' ? Number.POSITIVE_INFINITY : 1),
    failback: readFailback(options, context),
    allDown: options.all_down,
    fallthrough: options.fallthrough,
    admin: options.admin === undefined ? undefined : readAdminAccess(options.admin.admin, context),
  };
  refuseMembers(settings, context);
  refuseCombinations(settings, options, context);
  return settings;
}

function readFailback({ failback }: Options, context: SetupContext): Failback {
  if (failback === undefined || failback.when === 'auto') {
    if (failback?.delay !== undefined) context.fail("'auto' takes no duration, expected 'after DURATION'", 'failback');
    return { when: 'auto' };
  }
  if (failback.when === 'manual') {
    if (failback.delay !== undefined) context.fail("'manual' takes no duration, expected 'after DURATION'", 'failback');
    return { when: 'manual' };
  }
  return { when: 'after', delay: failback.delay ?? context.fail("no duration after 'after', expected one such as 60s", 'failback') };
}

function refuseMembers(settings: PoolSettings, context: SetupContext): void {
  const { name, members } = settings;
  if (members.length === 0) context.fail(`pool ${name} has no member`, 'name');
  refuseDuplicates(members, context);
  const itself = members.find((member) => member.lookedUp && member.name === name);
  if (itself !== undefined) context.fail(`member '${itself.word.text}' is the pool itself, expected an address or another name`, itself.word);
  for (const kind of new Set(members.map((member) => member.kind))) {
    const ofKind = members.filter((member) => member.kind === kind);
    const at = ofKind[0]?.word;
    if (ofKind.every(({ backup }) => backup)) context.fail('every member is backup, expected one that is not', at);
    if (ofKind.every(({ weight }) => weight === 0)) context.fail('every member has weight 0, expected one that is answered', at);
  }
}

/** Two ports of one machine are two SRV members; an address of two other members would be answered twice. */
function refuseDuplicates(members: readonly MemberSpec[], context: SetupContext): void {
  const seen = new Set<string>();
  for (const { label, kind, addresses, word } of members) {
    const keys = new Set([`${kind} ${label}`, ...(kind === 'address' ? addresses.map((address) => `address ${address}`) : [])]);
    for (const key of keys) if (seen.has(key)) context.fail(`member '${word.text}' is there twice`, word);
    for (const key of keys) seen.add(key);
  }
}

function refuseCombinations(settings: PoolSettings, options: Options, context: SetupContext): void {
  const { name, members, policy: chosen, agent } = settings;
  if (chosen === 'least_load' && agent === undefined) context.fail('policy least_load needs an agent that tells the load', 'policy');
  if (chosen === 'failover') {
    if ((options.max_answers ?? 1) > 1) context.fail('policy failover answers one member, expected max_answers 1', 'max_answers');
    refuseMixedFamilies(members, context);
  }
  if (settings.allDown === 'backup' && !members.some(({ backup }) => backup))
    context.fail('all_down backup needs a member that is backup', 'all_down');
  if (!context.zones.some((own) => isSubdomain(name, own))) {
    context.warn(`'${name}' is in no zone of the server block: only a rewrite can lead to it`, 'name');
  }
}

/** One that has only an IPv4 address would leave clients of IPv6 without any when its turn comes. */
function refuseMixedFamilies(members: readonly MemberSpec[], context: SetupContext): void {
  const given = members.filter(({ kind, lookedUp }) => kind === 'address' && !lookedUp);
  const families = ({ addresses }: MemberSpec) =>
    [...new Set(addresses.map((address) => (address.includes(':') ? 'AAAA' : 'A')))].sort().join(' and ');
  const [first] = given;
  const other = first === undefined ? undefined : given.find((member) => families(member) !== families(first));
  if (first === undefined || other === undefined) return;
  const found = `${families(other)} in '${other.word.text}', ${families(first)} in '${first.word.text}'`;
  context.fail(`policy failover needs the same types in every member, found ${found}; the addresses of one machine stand on one line`, other.word);
}

function readPolicy(word: string): PolicyName {
  const found = policies.find((name) => name === word);
  if (found === undefined) throw new Error(`unknown policy '${word}'`);
  return found;
}
