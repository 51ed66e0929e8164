// Whom a reply may be given to, by the client subnet that was asked about and that the answer is for (RFC 7871 section 7.3).
import { clientSubnetOf, EdnsOption, type Query, type Reply } from 'ferrydns/plugin';

/**
 * `everybody`, because the answer to a question about one network said that it holds for all; `unnamed`: all who name no network, as whoever
 * asked; `asker`: nobody else.
 */
export type Audience = 'everybody' | 'unnamed' | 'asker';

/**
 * What a query says of its client's network: nothing; its address; or, by a prefix of 0, that it must not be passed on (RFC 7871 section 7.1.2). The last may be answered
 * otherwise than a query without the option.
 */
export function subnetUse(query: Query): 'none' | 'named' | 'hidden' {
  const data = query.edns ? query.option(EdnsOption.CLIENT_SUBNET) : undefined;
  if (data === undefined) return 'none';
  return clientSubnetOf([{ code: EdnsOption.CLIENT_SUBNET, data }])?.network.endsWith('/0') === true ? 'hidden' : 'named';
}

export function namesNetwork(query: Query): boolean {
  return subnetUse(query) === 'named';
}

/** The audience of a reply to this query. */
export function audienceOf(query: Query, reply: Reply): Audience {
  if (reply.options.length === 0 && !namesNetwork(query)) return 'unnamed';
  const told = clientSubnetOf(reply.options);
  const tellings = reply.options.filter(({ code }) => code === EdnsOption.CLIENT_SUBNET).length;
  if (tellings > 1 || (tellings === 1 && told?.scope !== 0)) return 'asker';
  if (!namesNetwork(query)) return 'unnamed';
  const asked = clientSubnetOf(query.options);
  // Without the option the server does not know networks: the answer is for everybody (RFC 7871 section 7.3). One about another network is not.
  return asked !== undefined && (told === undefined || told.network === asked.network) ? 'everybody' : 'asker';
}

/** Whether whoever asks this query is among the audience. */
export function isAmong(audience: Audience, query: Query): boolean {
  return audience === 'everybody' || (audience === 'unnamed' && !namesNetwork(query));
}
