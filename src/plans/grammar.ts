// The grammar of a plan, the same for a block of `migrate` in a Corefile and for a plan file in YAML.

import { checkSyntax } from '../checks/check-words.ts';
import { type ConfigSpec, flag, many, type OptionsOf, optional, property, repeated, setting, words } from '../config/grammar.ts';
import { adminSyntax, choice, duration, file, integer, text, value, zone } from '../config/values.ts';
import { maxTtl } from '../dns/codes.ts';

const percent = value('PERCENT', readPercent, {
  expected: 'a share such as 10% or 50',
  schema: {
    anyOf: [
      { type: 'number', minimum: 0, maximum: 100 },
      { type: 'string', pattern: /^(0?\d?\d(\.\d+)?|100(\.0+)?)%?$/.source },
    ],
  },
});
/** The name of the plan is part of paths and file names, and all plans are told at `/migrations/events`. */
const planPattern = /^(?!events$)[\w*-][\w.*-]{0,199}$/;
const planName = value('TEXT', readPlanName, {
  expected: "letters, digits, '.', '-' and '_', and not 'events'",
  schema: { type: 'string', pattern: planPattern.source },
});
const seconds = integer({ min: 1, max: maxTtl });
const targetSyntax = 'NAME|pool NAME|service/NAMESPACE/NAME|ADDRESS';

/** What says how a thing is moved. */
const moveOptions = {
  plan: setting(planName, 'what the plan is called; its first name unless given'),
  continues: setting(planName, 'the plan whose journal this one goes on with: it takes over when the last plan in it is done'),
  name: repeated({ name: words('NAME [from TARGET...] [to TARGET...]', 1) }, 'a further name that moves together with the others'),
  from: property({ targets: words(targetSyntax, 1) }, 'A: where the names lead before the move'),
  to: property({ targets: words(targetSyntax, 1) }, 'B: where they lead after it'),
  role: setting(choice('old', 'new', 'shared'), 'which server this is when the thing moved is the DNS service', 'shared'),
  mode: setting(choice('blend', 'exclusive'), 'whether A and B may be answered side by side', 'blend'),
  ttl: setting(seconds, 'TTL before and after the move; learnt from the upstream unless given'),
  transition_ttl: setting(seconds, 'TTL while moving', 5),
  caches: property({ caches: words('KIND DURATION[, KIND DURATION...]', 1) }, 'what caches below hold beyond the TTL'),
  weight: setting(percent, 'blend: share of answers that lead to B'),
  canary: property({ percent: many(percent, 1) }, 'blend: shares of clients that are led to B, step by step'),
  check: repeated({ side: choice('to', 'from'), check: words(checkSyntax, 1) }, 'how to find out whether a side is well'),
  gate: repeated({ gate: words('http URL|prometheus URL QUERY OPERATOR NUMBER|exec COMMAND', 2) }, 'what must hold before a phase begins'),
  fence: property({ fence: words('exec COMMAND', 2) }, 'exclusive: what shuts A, before the first answer with B'),
  fence_timeout: setting(duration({ min: '1s', max: '1h' }), 'how long the fence may take', 60_000),
  fence_did_nothing: property(
    { statuses: many(integer({ min: 1, max: 255 }), 1) },
    'exit statuses of a fence that has done nothing; any but 0 unless given',
  ),
  advance: setting(choice('manual', 'auto'), 'whether phases that may begin do so by themselves', 'manual'),
  rollback: setting(choice('manual', 'auto'), 'whether a B that stays unhealthy leads back to A', 'manual'),
  rollback_after: setting(duration({ min: '0s' }), 'how long B must have been unhealthy for that', 30_000),
  handback: setting(choice('on', 'off'), 'whether the names are given back to the upstream once it answers B alone', 'off'),
  handback_answers: setting(integer({ min: 1, max: 64 }), 'independent answers with B alone that a hand-back wants of the upstream', 20),
  pace: setting(duration({ min: '0s' }), 'advance auto: how long each step of the transition lasts'),
  countdown: setting(duration({ min: '1s' }), 'exclusive: time between the decision to flip and the flip'),
  hold: setting(duration({ min: '0s', max: '1m' }), 'how long a query without an answer is held', 2000),
  slack: setting(duration({ min: '0s' }), 'transit and rounding added to every lease', 3000),
  store: property({ store: words('journal|etcd URL...|configmap [NAMESPACE/]NAME', 1) }, 'where servers that share the plan agree'),
  session: setting(duration({ min: '1s', max: '1h' }), 'shared store: how long a server that cannot hear it still answers A', 10_000),
  skew: setting(duration({ min: '0s', max: '1m' }), 'shared store: how far the clocks of the servers may be apart', 1000),
} as const;

/** The block of the directive: the move, and what is this server's own. */
export const migrateGrammar = {
  args: { names: words('PLAN.yaml|NAME|configmap PLANS', 1) },
  block: {
    ...moveOptions,
    journal: setting(file, 'the file that holds what has happened'),
    replica: setting(text, 'shared store: what this server is called; its host name unless given'),
    store_tls: property({ cert: file, key: file, ca: optional(file) }, 'etcd: how this server proves who it is, and whom it believes'),
    store_credentials: property({ user: text, passwordFile: file }, 'etcd: a user and the file that holds the password'),
    kubeconfig: property({ file, context: optional(text) }, 'configmap: how to reach the Kubernetes API from outside of a cluster'),
    grant: repeated({ namespace: text, zones: many(zone, 1) }, 'configmap: the zones in which the plans of a namespace may move names'),
    off: flag('this server block answers the names without their plan'),
    admin: property({ admin: words(adminSyntax, 1) }, 'where the plans are told and asked over HTTP'),
  },
  repeat: 'chain',
  once: true,
} as const satisfies ConfigSpec;

/** A plan file. */
export const planGrammar = { block: moveOptions, once: true } as const satisfies ConfigSpec;

/** The options of the directive `migrate`, read. */
export type MigrateOptions = OptionsOf<typeof migrateGrammar>;
/** The options of a plan file, read. */
export type PlanFileOptions = OptionsOf<typeof planGrammar>;

/** Which options a plan file has, and a block beside it may not repeat. */
export const moveOptionNames: readonly string[] = Object.keys(moveOptions);

/** Throws an Error for what cannot be the name of a plan. */
export function readPlanName(word: string): string {
  if (!planPattern.test(word)) throw new Error(`'${word}' cannot be the name of a plan`);
  return word;
}

function readPercent(word: string): number {
  const found = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(word)?.[1];
  if (found === undefined || Number(found) > 100) throw new Error(`'${word}' is not a share from 0% to 100%`);
  return Number(found);
}
