// Which EDNS options of a reply go to whoever asked: those that the query called for, and those that need no asking.
import { clientSubnetOf } from './client-subnet.ts';
import { EdnsOption } from './codes.ts';
import type { Option } from './edns.ts';
import type { Query } from './query.ts';

/** Options that an asker which speaks EDNS gets unasked: RFC 8914 section 3, RFC 9567 section 4, RFC 7830 section 4. */
const unasked: ReadonlySet<number> = new Set([EdnsOption.EDE, EdnsOption.REPORT_CHANNEL, EdnsOption.PADDING]);

/** The options for the asker of `query`, as it was received; the same array when that is all of them. */
export function optionsFor(query: Query, options: readonly Option[]): readonly Option[] {
  if (options.length === 0) return options;
  const fitting = options
    .filter(isFirstSubnet)
    .map((option) => fitted(option, query))
    .filter((option) => option !== undefined);
  return fitting.length === options.length && fitting.every((option, i) => option === options[i]) ? options : fitting;
}

function isFirstSubnet(option: Option, _index: number, options: readonly Option[]): boolean {
  return option.code !== EdnsOption.CLIENT_SUBNET || option === options.find(({ code }) => code === EdnsOption.CLIENT_SUBNET);
}

function fitted(option: Option, query: Query): Option | undefined {
  if (option.code === EdnsOption.CLIENT_SUBNET) return withSubnetOf(query, option);
  // Over UDP nothing is kept open, and over a connection it may be told unasked (RFC 7828 section 3.3.2).
  if (option.code === EdnsOption.TCP_KEEPALIVE) return query.client.transport === 'udp' ? undefined : option;
  return unasked.has(option.code) || query.option(option.code) !== undefined ? option : undefined;
}

/**
 * The client subnet of a reply repeats the network of the query (RFC 7871 section 7.2.2). Where another network was asked about on its behalf,
 * as after a rewrite, an answer for everybody still is one; any other answer is told to be good for no more than the asker's own network.
 */
function withSubnetOf(query: Query, option: Option): Option | undefined {
  const asked = query.option(EdnsOption.CLIENT_SUBNET);
  const source = asked === undefined ? undefined : clientSubnetOf([{ code: option.code, data: asked }]);
  const told = clientSubnetOf([option]);
  if (asked === undefined || source === undefined || told === undefined) return undefined;
  if (source.network === told.network && asked[1] === option.data[1]) return option;
  const data = Buffer.from(asked);
  // Behind the family stand the lengths of the source prefix and of the scope prefix (RFC 7871 section 6).
  data[3] = told.scope === 0 ? 0 : (asked[2] ?? 0);
  return { code: option.code, data };
}
