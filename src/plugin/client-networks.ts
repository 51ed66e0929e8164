// What an expression says of where clients are, so that it need not be evaluated for those who are elsewhere.
import { type Network, parseNetwork } from '../dns/network.ts';
import type { Node } from '../expression/syntax.ts';

/** Where clients are whose queries an expression can be true of. */
export interface ClientNetworks {
  /** The client is in one of them. */
  readonly networks: readonly Network[];
  /** Whether the expression says nothing else: it is true of all who are in one of them. */
  readonly exact: boolean;
}

/** What follows for the client when the expression is true; undefined: nothing. */
export function clientNetworksOf(node: Node): ClientNetworks | undefined {
  if (node.kind === 'call') return ofCall(node);
  if (node.kind !== 'logic') return undefined;
  const operands = node.operands.map(clientNetworksOf);
  const known = operands.filter((each) => each !== undefined);
  if (node.operator === 'and') return known[0] && { networks: known[0].networks, exact: false };
  if (known.length < operands.length) return undefined;
  return { networks: known.flatMap(({ networks }) => networks), exact: known.every(({ exact }) => exact) };
}

type Call = Extract<Node, { readonly kind: 'call' }>;

/** incidr(client_ip(), 'NETWORK'), and any(['NETWORK', …], incidr(client_ip(), #)). */
function ofCall(node: Call): ClientNetworks | undefined {
  const [first, second] = node.args;
  if (node.name === 'any' && first?.kind === 'array' && second?.kind === 'call' && networkAsked(second)?.kind === 'element')
    return exactly(first.items);
  const network = networkAsked(node);
  return network && exactly([network]);
}

/** What stands for the network where a call asks whether the client is in one. */
function networkAsked({ name, args: [address, network] }: Call): Node | undefined {
  return name === 'incidr' && address?.kind === 'call' && address.name === 'client_ip' ? network : undefined;
}

/** Undefined where one of the networks is not written out. */
function exactly(nodes: readonly Node[]): ClientNetworks | undefined {
  const texts = nodes.flatMap((node) => (node.kind === 'value' && typeof node.value === 'string' && node.value.includes('/') ? [node.value] : []));
  return texts.length < nodes.length ? undefined : { networks: texts.map(parseNetwork), exact: true };
}
