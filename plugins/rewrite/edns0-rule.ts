// The rules that add, change and take away EDNS options of a query, and put a reply's option back.
import { EdnsOption, type Option, type Query, record } from 'ferrydns/plugin';
import type { Rule } from './rule.ts';
import { noSteps, type Steps } from './step.ts';

export type Edns0Action = 'set' | 'append' | 'replace' | 'unset';

/** The data of an option for one query; undefined when there is none, so that the rule does not apply. */
export type OptionData = (query: Query) => Uint8Array | undefined;

export interface Edns0Options {
  readonly code: number;
  readonly action: Edns0Action;
  readonly data: OptionData;
  /** Whether `append` adds a further option where there is one already, as it does for fixed data; else the rule does not apply there. */
  readonly appendsAlways: boolean;
  readonly revert: boolean;
}

/** Rules for one line of the configuration. */
export function edns0Rules(options: Edns0Options, stop: boolean): Rule[] {
  // The client subnet of a reply tells for which networks it is: the server itself puts it in terms of the asker's network.
  const reverts = options.revert && options.code !== EdnsOption.CLIENT_SUBNET;
  const steps: Steps = reverts ? [{ kind: 'option', code: options.code }] : noSteps;
  const rule: Rule = {
    stop,
    rewrite(query) {
      const changed = editOptions(query, options);
      return changed === undefined ? undefined : query.with({ options: changed });
    },
    steps: () => steps,
  };
  // A rule that finds nothing to replace does not apply, and yet the query goes on with EDNS.
  return options.action === 'replace' ? [withEdns(options.data), rule] : [rule];
}

function editOptions(query: Query, { action, code, data, appendsAlways }: Edns0Options): readonly Option[] | undefined {
  const { options } = query;
  if (action === 'unset') return options.filter((option) => option.code !== code);
  const bytes = data(query);
  if (bytes === undefined) return undefined;
  const at = options.findIndex((option) => option.code === code);
  const option = { code, data: bytes };
  if (at === -1) return action === 'replace' ? undefined : [...options, option];
  if (action === 'append') return appendsAlways ? [...options, option] : undefined;
  return options.with(at, option);
}

function withEdns(data: OptionData): Rule {
  return {
    stop: false,
    rewrite: (query) => (query.edns || data(query) === undefined ? undefined : query.with({ options: [] })),
    steps: () => noSteps,
  };
}

/** The variables that stand for data of an option. */
const variables: Readonly<Record<string, OptionData>> = {
  '{qname}': (query) => Buffer.from(query.originalName),
  '{qtype}': (query) => uint16(query.typeCode),
  '{client_ip}': ({ client }) => addressBytes(client.address, client.family),
  '{client_port}': ({ client }) => uint16(client.port),
  '{protocol}': ({ client }) => Buffer.from(client.transport === 'udp' ? 'udp' : 'tcp'),
  '{server_ip}': ({ client }) => addressBytes(client.localAddress, client.family),
  '{server_port}': ({ client }) => uint16(client.localPort),
};

/** The data that a variable stands for, metadata such as {kubernetes/namespace} included; undefined for a name that is no variable. */
export function variableData(variable: string): OptionData | undefined {
  if (Object.hasOwn(variables, variable)) return variables[variable];
  const label = variable.slice(1, -1);
  const slash = label.indexOf('/');
  if (slash <= 0 || slash === label.length - 1) return undefined;
  return (query) => {
    const value = query.metadata?.byLabel(label);
    return value === undefined || value === '' ? undefined : Buffer.from(String(value));
  };
}

/** The client's address as the data of a client subnet option, cut to so many bits (RFC 7871 section 6). */
export function subnetData(bits: { readonly 4: number; readonly 6: number }): OptionData {
  return ({ client }) => {
    const length = bits[client.family];
    const address = Buffer.from(addressBytes(client.address, client.family)).subarray(0, Math.ceil(length / 8));
    const spare = (8 - (length % 8)) % 8;
    if (spare > 0) address.writeUInt8((address.readUInt8(address.length - 1) >> spare) << spare, address.length - 1);
    return Buffer.concat([uint16(client.family === 4 ? 1 : 2), Buffer.from([length, 0]), address]);
  };
}

/** An option of which the presence says all. */
export const emptyData: OptionData = () => new Uint8Array();

export const optionCodes = { nsid: EdnsOption.NSID, subnet: EdnsOption.CLIENT_SUBNET } as const;

function uint16(number: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number);
  return bytes;
}

function addressBytes(address: string, family: 4 | 6): Uint8Array {
  return record({ name: '.', type: family === 4 ? 'A' : 'AAAA', data: address }).rdata;
}
