// What expressions can ask of a query: the functions of CoreDNS's expressions, under its names and with its types.
import { insideOf, type Network, parseNetwork } from '../dns/network.ts';
import type { Query } from '../dns/query.ts';
import type { Environment, ExpressionFunction } from '../expression/environment.ts';
import { bool, int, string, type Type } from '../expression/types.ts';

function told(result: Type, call: (query: Query) => unknown): ExpressionFunction<Query> {
  return { parameters: [], result, call };
}

/** The client's address is made a text once for all the expressions that are asked about one query. */
let lastQuery: Query | undefined;
let lastAddress = '';

function clientAddress(query: Query): string {
  if (query !== lastQuery) {
    lastAddress = query.client.address;
    lastQuery = query;
  }
  return lastAddress;
}

function readNetwork(text: string): Network {
  if (text.includes('/')) return parseNetwork(text);
  throw new Error(`found "${text}", expected a network such as 192.0.2.0/24 or 2001:db8::/32`);
}

/** The functions, by name. */
export const queryFunctions: Environment<Query> = {
  name: told(string, (query) => query.name),
  type: told(string, (query) => query.type),
  class: told(string, (query) => query.class),
  proto: told(string, ({ client }) => (client.transport === 'udp' ? 'udp' : 'tcp')),
  size: told(int, (query) => query.size),
  client_ip: told(string, clientAddress),
  port: told(string, ({ client }) => String(client.port)),
  id: told(int, (query) => query.id),
  opcode: told(int, (query) => query.opcode),
  do: told(bool, (query) => query.dnssecOk),
  bufsize: told(int, ({ client, udpSize }) => (client.transport === 'udp' ? udpSize : 65535)),
  server_ip: told(string, ({ client }) => client.localAddress),
  server_port: told(string, ({ client }) => String(client.localPort)),
  metadata: { parameters: [string], result: string, call: (query, label: string) => String(query.metadata?.byLabel(label) ?? '') },
  incidr: {
    parameters: [string, string],
    result: bool,
    call: (_query, address: string, network: string) => insideOf(readNetwork(network))(address),
    prepare([, network]) {
      if (typeof network !== 'string') return undefined;
      const isInside = insideOf(readNetwork(network));
      return (_query, address: string) => isInside(address);
    },
  },
};
