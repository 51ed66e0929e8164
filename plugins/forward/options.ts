// The grammar of a forward, and its options as settings. Refuses what CoreDNS refuses, in its words.
import type { SecureContext } from 'node:tls';
import type { ServerAddress } from 'ferrydns/built-in';
import {
  type ConfigSpec,
  choice,
  duration,
  file,
  flag,
  formatDuration,
  hostPort,
  integer,
  ipAddress,
  isSubdomain,
  many,
  messageOf,
  type Name,
  normalizeZones,
  type OptionsOf,
  optional,
  parseHostPort,
  parseName,
  property,
  type Query,
  rcodeCode,
  repeated,
  root,
  type SetupContext,
  setting,
  text,
  value,
  words,
} from 'ferrydns/plugin';
import type { PolicyName, Settings } from './settings.ts';
import { type HostTarget, parseTarget } from './targets.ts';

/** TOs at most, as in CoreDNS. */
const maxTargets = 15;

const policies = ['random', 'round_robin', 'sequential'] as const;
const policy = value<PolicyName>(policies.join('|'), parsePolicy, { ...choice(...policies), parse: parsePolicy });
const rcode = value('RCODE', parseRcode, { expected: 'a response code such as SERVFAIL', schema: { type: ['string'], pattern: '^[A-Za-z]+$' } });
const failoverRcode = value('RCODE', parseFailoverRcode, {
  expected: 'a response code such as SERVFAIL',
  schema: { ...rcode.schema, not: { pattern: '^[Nn][Oo][Ee][Rr]{2}[Oo][Rr]$' } },
});
const sourceAddress = value('ADDRESS', parseSource, { expected: 'an IP address', schema: ipAddress.schema });
const resolver = { ...hostPort({ port: 53 }), parse: parseResolver };
const uint32 = integer({ min: 0, max: 0xffffffff });

/** Negative ones are refused in the words of CoreDNS. */
const length = { ...duration(), schema: duration({ min: '0s' }).schema };
const count = { ...integer(), schema: integer({ min: 0 }).schema };

export const grammar = {
  args: { from: text, to: many(text, 1, maxTargets) },
  block: {
    except: repeated({ names: many(text, 1) }, 'Names that are not forwarded, with all below them.'),
    force_tcp: flag('Ask over TCP whatever the client came over.'),
    prefer_udp: flag('Ask over UDP first whatever the client came over, and over TCP when the reply is cut.'),
    expire: setting(length, 'How long an idle connection is kept.', 10_000),
    max_age: setting(length, 'How long a connection is used at all; 0 for no limit.', 0),
    max_idle_conns: setting(count, 'Idle connections kept for each upstream; 0 for no limit.', 0),
    read_timeout: setting({ ...duration(), schema: duration({ min: '1ns' }).schema }, 'How long an upstream may take to reply.', 2000),
    max_fails: setting(uint32, 'Health checks that may fail in a row before an upstream is down; 0 switches them off.', 2),
    max_connect_attempts: setting(uint32, 'Failed attempts for one query at most; 0 for no limit.'),
    policy: setting(policy, 'In which order upstreams are asked.', 'random'),
    health_check: property({ interval: length, how: words('no_rec|domain FQDN') }, 'How upstreams that failed are checked.'),
    max_concurrent: setting(count, 'Queries on their way at most; 0 for no limit.', 0),
    next: repeated({ rcodes: many(rcode, 1) }, 'Response codes that hand the query to the next forward.'),
    next_on_nodata: flag('Replies without an answer hand the query to the next forward.'),
    failfast_all_unhealthy_upstreams: flag('Fail at once when every upstream is down.'),
    failover: repeated({ rcodes: many(failoverRcode, 1) }, 'Response codes that make the next upstream be asked.'),
    source_address: setting(sourceAddress, 'The local address to ask from.'),
    resolver: property({ addresses: many(resolver, 1) }, 'Servers that find the addresses of upstreams given by name.'),
    tls: property({ cert: optional(file), key: optional(file), ca: optional(file) }, 'Certificates for upstreams asked over TLS or HTTPS.'),
    tls_servername: setting(text, 'The name that the certificates of upstreams asked over TLS or HTTPS must have.'),
    doh_method: setting(
      value<'GET' | 'POST'>('GET|POST', parseDohMethod, { words: ['GET', 'POST'] }),
      'The method that upstreams are asked with over HTTPS.',
      'POST',
    ),
  },
  repeat: 'chain',
} as const satisfies ConfigSpec;

export type Options = OptionsOf<typeof grammar>;

/** The upstreams of a forward, those given by host name not looked up yet. */
export function readTargets(options: Options, context: SetupContext): readonly (ServerAddress | HostTarget)[] {
  const parsed = options.to.map((to) => {
    try {
      return parseTarget(to, context.read);
    } catch (error) {
      return context.fail(messageOf(error), 'to');
    }
  });
  const targets = parsed.filter((list) => list.length > 0);
  if (targets.length === 0) context.fail('no valid upstream addresses found', 'to');
  if (targets.length > maxTargets) context.fail(`more than ${maxTargets} TOs configured: ${targets.length}`, 'to');
  return targets.flat().map((target) => named(target, options.tls_servername ?? '', context));
}

/** Gives a target the TLS server name of the whole forward; both is one too many. */
function named(target: ServerAddress | HostTarget, serverName: string, context: SetupContext): ServerAddress | HostTarget {
  if (target.transport === 'dns' || serverName === '') return target;
  if (target.serverName !== '') {
    const host = 'hostName' in target ? target.hostName : target.host;
    context.fail(
      `both forward ('${serverName}') and proxy level ('${target.serverName}') TLS servernames are set for upstream proxy '${host}'`,
      'to',
    );
  }
  return { ...target, serverName };
}

/** Whether a query is the forward's to answer. */
export function readScope(options: Options, context: SetupContext): (query: Query) => boolean {
  const [from = context.fail(`unable to normalize '${options.from}'`, 'from'), ...more] = zonesOf(options.from);
  if (more.length > 0) context.warn(`Unsupported CIDR notation: '${options.from}' expands to multiple zones. Using only '${from}'.`, 'from');
  const except = options.except.flatMap(({ names }) =>
    names.flatMap((name) => {
      const zones = zonesOf(name);
      if (zones.length === 0) context.warn(`'${name}' is not a domain name and excepts nothing`, 'except');
      return zones;
    }),
  );
  if (from === root && except.length === 0) return () => true;
  return ({ name }) => isSubdomain(name, from) && (name === from || !except.some((zone) => isSubdomain(name, zone)));
}

export function readSettings(options: Options, context: SetupContext): Settings {
  const { expire, max_age: maxAge, read_timeout: readTimeout, max_idle_conns: maxIdle, max_concurrent: maxConcurrent } = options;
  if (expire < 0) context.fail(`expire can't be negative: ${formatDuration(expire)}`, 'expire');
  if (maxAge < 0) context.fail(`max_age can't be negative: ${formatDuration(maxAge)}`, 'max_age');
  if (readTimeout <= 0) context.fail(`read_timeout must be positive: ${formatDuration(readTimeout)}`, 'read_timeout');
  if (maxIdle < 0) context.fail(`max_idle_conns can't be negative: ${maxIdle}`, 'max_idle_conns');
  if (maxConcurrent < 0) context.fail(`max_concurrent can't be negative: ${maxConcurrent}`, 'max_concurrent');
  if (maxAge > 0 && maxAge < expire) {
    context.fail(`max_age (${formatDuration(maxAge)}) must not be less than expire (${formatDuration(expire)})`, 'max_age');
  }
  return {
    policy: options.policy,
    forceTcp: options.force_tcp,
    preferUdp: options.prefer_udp,
    expire,
    maxAge,
    maxIdleConnections: maxIdle,
    readTimeout,
    maxFails: options.max_fails,
    maxConnectAttempts: options.max_connect_attempts,
    ...readHealthCheck(options, context),
    maxConcurrent,
    failFast: options.failfast_all_unhealthy_upstreams,
    failover: new Set(options.failover.flatMap(({ rcodes }) => rcodes)),
    next: new Set(options.next.flatMap(({ rcodes }) => rcodes)),
    nextOnNodata: options.next_on_nodata,
    sourceAddress: options.source_address,
    httpMethod: options.doh_method,
    tls: readTls(options, context),
  };
}

function readHealthCheck(options: Options, context: SetupContext): Pick<Settings, 'checkInterval' | 'checkName' | 'checkRecursion'> {
  const { interval, how } = options.health_check ?? { interval: 500, how: [] };
  if (interval < 0) context.fail(`health_check can't be negative: ${interval * 1e6}`, 'health_check');
  let checkName: Name = root;
  let checkRecursion = true;
  for (let i = 0; i < how.length; i++) {
    const word = how[i];
    if (word?.text === 'no_rec') checkRecursion = false;
    else if (word?.text === 'domain') {
      const domain = how[++i] ?? context.fail(`Wrong argument count or unexpected line ending after 'domain'`, word);
      try {
        checkName = parseName(domain.text);
      } catch {
        context.fail(`health_check: invalid domain name ${domain.text}`, domain);
      }
    } else context.fail(`health_check: unknown option ${word?.text}`, word);
  }
  return { checkInterval: interval, checkName, checkRecursion };
}

/** One file is the CA's, two are a certificate and its key, three are both. */
function readTls(options: Options, context: SetupContext): { readonly secureContext?: SecureContext } {
  if (options.tls === undefined) return {};
  const files = [options.tls.cert, options.tls.key, options.tls.ca].filter((name) => name !== undefined);
  try {
    const [first, second, third] = files.map((name) => context.read(name));
    const ca = files.length === 1 ? first : third;
    const secureContext = process.getBuiltinModule('node:tls').createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(first === undefined || second === undefined ? {} : { cert: first, key: second }),
    });
    return { secureContext };
  } catch (error) {
    return context.fail(`could not load TLS certificates: ${messageOf(error)}`, 'tls');
  }
}

/** The zones a word stands for; none when it is no name. */
function zonesOf(word: string): readonly Name[] {
  try {
    return normalizeZones(word);
  } catch {
    return [];
  }
}

function parsePolicy(word: string): PolicyName {
  const found = policies.find((name) => name === word);
  if (found === undefined) throw new Error(`unknown policy '${word}'`);
  return found;
}

function parseRcode(word: string): number {
  // 16 has two names; CoreDNS knows it by that of RFC 8945.
  const code = /^RCODE/i.test(word) ? undefined : rcodeCode(/^BADSIG$/i.test(word) ? 'BADVERS' : word);
  if (code === undefined) throw new Error(`${word} is not a valid rcode`);
  return code;
}

function parseFailoverRcode(word: string): number {
  const code = parseRcode(word);
  if (code === 0) throw new Error('NoError cannot be used in failover');
  return code;
}

function parseSource(word: string): string {
  try {
    const { host, zoneId } = parseHostPort(word, 0);
    if (host === word && zoneId === undefined) return word;
  } catch {
    // Falls through to the one message.
  }
  throw new Error(`invalid IP address: ${word}`);
}

function parseResolver(word: string): string {
  try {
    parseHostPort(word, 53);
  } catch {
    throw new Error(`resolver must be an IP address or IP:port: "${word}"`);
  }
  return word;
}

function parseDohMethod(word: string): 'GET' | 'POST' {
  if (word !== 'GET' && word !== 'POST') throw new Error('doh_method must be either POST or GET');
  return word;
}
