// The TOs of a forward: addresses, files like resolv.conf, and host names to look up at start.
import { isIP } from 'node:net';
import { addressOf, type ServerAddress } from 'ferrydns/built-in';
import { parseHostPort, parseName } from 'ferrydns/plugin';

/** A host to look up before it can be asked. */
export interface HostTarget {
  readonly transport: ServerAddress['transport'];
  readonly hostName: string;
  readonly port: number;
  readonly serverName: string;
}

const defaultPorts = { dns: 53, tls: 853, https: 443 } as const;
const schemes = ['dns', 'tls', 'https', 'https3', 'quic', 'grpc', 'unix'];

/**
 * The upstreams that one TO stands for: several for a file, none for a file without name servers.
 * Throws an Error with a plain message. `read` reads the file that a TO may name.
 */
export function parseTarget(to: string, read: (file: string) => Buffer): readonly (ServerAddress | HostTarget)[] {
  const { scheme, rest } = splitScheme(to);
  if (rest === '') throw new Error(`invalid address: "${to}"`);
  if (scheme === 'https' && rest.includes('/')) {
    throw new Error(`paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): ${to}`);
  }
  const address = addressIn(rest, isTransport(scheme) ? defaultPorts[scheme] : 0);
  if (address !== undefined) return [{ transport: supported(scheme, rest), ...address }];
  const servers = nameServersOf(rest, read);
  if (servers !== undefined) return servers;
  const host = hostIn(rest);
  if (host === undefined || !isTransport(scheme)) {
    const several = /\s/.test(to.trim()) ? '; one word is one upstream, and what a variable holds is not split into words' : '';
    throw new Error(`not an IP address, file, or valid domain: "${to}"${several}`);
  }
  return [{ transport: scheme, hostName: host.name, port: host.port ?? defaultPorts[scheme], serverName: host.serverName }];
}

/** Each address and port once: the first that came stays. */
export function withoutDuplicates(targets: readonly ServerAddress[]): ServerAddress[] {
  const seen = new Map<string, ServerAddress>();
  for (const target of targets) {
    const address = addressOf(target);
    if (!seen.has(address)) seen.set(address, target);
  }
  return [...seen.values()];
}

function splitScheme(to: string): { scheme: string; rest: string } {
  const scheme = schemes.find((name) => to.startsWith(`${name}://`));
  return scheme === undefined ? { scheme: 'dns', rest: to } : { scheme, rest: to.slice(scheme.length + 3) };
}

function supported(scheme: string, rest: string): ServerAddress['transport'] {
  if (isTransport(scheme)) return scheme;
  throw new Error(`'${scheme}' is not supported as a destination protocol in forward: ${scheme}://${rest}`);
}

function isTransport(scheme: string): scheme is ServerAddress['transport'] {
  return Object.hasOwn(defaultPorts, scheme);
}

/** What stands behind `%` is a TLS server name, or the zone id of a link-local address, which belongs to the address. */
function addressIn(text: string, port: number): Omit<ServerAddress, 'transport'> | undefined {
  try {
    const { zoneId, ...found } = parseHostPort(text, port);
    const host = zoneId !== undefined && /^fe[89ab]/i.test(found.host) ? `${found.host}%${zoneId}` : found.host;
    return { host, port: found.port, serverName: zoneId ?? '' };
  } catch {
    return undefined;
  }
}

/** The `nameserver` lines of a file like resolv.conf; undefined when there is no such file. */
function nameServersOf(file: string, read: (file: string) => Buffer): ServerAddress[] | undefined {
  let text: string;
  try {
    text = read(file).toString('utf8');
  } catch {
    return undefined;
  }
  return text.split('\n').flatMap((line) => {
    const [keyword, server = ''] = line.trim().split(/\s+/);
    const address = addressIn(server, defaultPorts.dns);
    if (keyword !== 'nameserver' || address === undefined || isIP(address.host) === 0) return [];
    return [{ transport: 'dns' as const, host: address.host, port: defaultPorts.dns, serverName: '' }];
  });
}

function hostIn(text: string): { name: string; port: number | undefined; serverName: string } | undefined {
  const found = /^([^%:/[\]\s]+)(?:%([^:\s]+))?(?::(\d{1,5}))?$/.exec(text);
  if (found === null) return undefined;
  const [, name = '', serverName = '', port] = found;
  if (isIP(name) !== 0 || Number(port ?? 0) > 0xffff) return undefined;
  try {
    parseName(name);
  } catch {
    return undefined;
  }
  return { name, port: port === undefined ? undefined : Number(port), serverName };
}
