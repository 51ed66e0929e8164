// Finds the addresses of upstreams that are given by host name, once, at start.
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ServerAddress } from 'ferrydns/built-in';
import { messageOf } from 'ferrydns/plugin';
import type { HostTarget } from './targets.ts';

/** The targets with every host name replaced by its addresses; `resolvers` are asked in turn, without any the system is. */
export async function lookUpHosts(targets: readonly (ServerAddress | HostTarget)[], resolvers: readonly string[]): Promise<ServerAddress[]> {
  const found: ServerAddress[] = [];
  for (const target of targets) {
    if (!('hostName' in target)) {
      found.push(target);
      continue;
    }
    const { transport, port, serverName, hostName } = target;
    for (const host of await addressesOf(hostName, resolvers)) found.push({ transport, host, port, serverName });
  }
  return found;
}

async function addressesOf(host: string, resolvers: readonly string[]): Promise<string[]> {
  let reason = 'no addresses found';
  for (const ask of resolvers.length === 0 ? [bySystem] : resolvers.map(byServer)) {
    try {
      const addresses = await ask(host);
      if (addresses.length > 0) return addresses;
    } catch (error) {
      reason = messageOf(error);
    }
  }
  throw new Error(`failed to resolve "${host}": ${reason}`);
}

async function bySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

function byServer(server: string): (host: string) => Promise<string[]> {
  return async (host) => {
    const resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([isIP(server) === 6 ? `[${server}]` : server]);
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
    return [v4, v6].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  };
}
