// The format of a line: text with placeholders, made into functions once.
import { isCut } from 'ferrydns/built-in';
import { extendedErrorsOf, headerLength, type Query, Reply } from 'ferrydns/plugin';

/** A query and what became of it. */
interface Entry {
  readonly query: Query;
  /** What the client is sent; `Reply.drop` when it is nothing. */
  readonly reply: Reply;
  readonly milliseconds: number;
}

/** What a format makes of an entry: a line, or the fields of an object. */
export type Format = LineFormat | { readonly fields: (entry: Entry) => Readonly<Record<string, unknown>> };

/** Makes the line of an entry. */
export type LineFormat = (entry: Entry) => string;

export const commonFormat = '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}';
const combinedFormat = `${commonFormat} "{>opcode}"`;

const missing = '-';

const placeholders: Readonly<Record<string, LineFormat>> = {
  '{type}': ({ query }) => query.type,
  '{name}': ({ query }) => query.name,
  '{class}': ({ query }) => query.class,
  '{proto}': ({ query }) => protocol(query),
  '{size}': ({ query }) => String(query.size),
  '{remote}': ({ query }) => bracketed(query.client.address),
  '{port}': ({ query }) => String(query.client.port),
  '{local}': ({ query }) => bracketed(query.client.localAddress),
  '{>id}': ({ query }) => String(query.id),
  // What asks for another opcode is refused before it is a query.
  '{>opcode}': () => '0',
  '{>do}': ({ query }) => String(query.dnssecOk),
  '{>bufsize}': ({ query }) => String(bufferSize(query)),
  '{rcode}': ({ reply }) => (reply === Reply.drop ? missing : codeOf(reply)),
  '{rsize}': ({ query, reply }) => String(sizeOf(query, reply)),
  '{>rflags}': ({ query, reply }) => (reply === Reply.drop ? missing : flagsOf(query, reply).join(',')),
  '{duration}': ({ milliseconds }) => `${seconds(milliseconds)}s`,
};

/** Reads a format. What stands in braces and is no placeholder stays as it is. */
export function parseFormat(text: string): LineFormat {
  const full = text.replaceAll('{common}', commonFormat).replaceAll('{combined}', combinedFormat);
  const pieces = full.split(/(\{[^{}]*\})/).map(pieceOf);
  return (entry) => {
    let line = '';
    for (const piece of pieces) line += typeof piece === 'string' ? piece : piece(entry);
    return line;
  };
}

function pieceOf(text: string): LineFormat | string {
  if (Object.hasOwn(placeholders, text)) return placeholders[text] ?? text;
  if (!text.startsWith('{/') || !text.endsWith('}')) return text;
  const label = text.slice(2, -1);
  return ({ query }) => String(query.metadata?.byLabel(label) ?? missing);
}

/** Each query as an object: numbers are numbers, and a reply that is not sent has `null` for its code. */
export const jsonFormat: Format = {
  fields: ({ query, reply, milliseconds }) => ({
    level: 'info',
    plugin: 'log',
    client: query.client.address,
    port: query.client.port,
    server: query.client.localAddress,
    proto: protocol(query),
    id: query.id,
    name: query.name,
    class: query.class,
    type: query.type,
    size: query.size,
    do: query.dnssecOk,
    bufsize: bufferSize(query),
    rcode: reply === Reply.drop ? null : codeOf(reply),
    rflags: reply === Reply.drop ? [] : flagsOf(query, reply),
    rsize: sizeOf(query, reply),
    duration: Number(seconds(milliseconds)),
    transport: query.client.transport,
    ttl: lowestTtl(reply),
    zone: query.zone,
    view: query.route.view,
    ...wayOf(query),
    error: extendedErrorsOf(reply.options)[0]?.code ?? null,
  }),
};

/** Seconds: the lowest TTL of the answer section, or where that is empty of the authority section. */
function lowestTtl({ answers, authorities }: Reply): number | null {
  const ttls = (answers.length > 0 ? answers : authorities).map(({ ttl }) => ttl);
  return ttls.length === 0 ? null : Math.min(...ttls);
}

/** What the plugins behind have told. */
function wayOf({ trail }: Query) {
  const { cache = null, upstream = null, plan = null, phase = null, member = null } = trail ?? {};
  return { cache, upstream, plan, phase, member };
}

function protocol(query: Query): string {
  return query.client.transport === 'udp' ? 'udp' : 'tcp';
}

/** Octets that the client takes in a reply. */
function bufferSize(query: Query): number {
  return query.client.transport === 'udp' ? query.udpSize : 65535;
}

function codeOf(reply: Reply): string {
  return reply.rcode.replace(/^RCODE/, '');
}

function bracketed(address: string): string {
  const plain = address.replace(/%.*/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** Octets of the reply as its plugin made it: names not compressed, nothing cut off. */
function sizeOf(query: Query, reply: Reply): number {
  if (reply === Reply.drop) return 0;
  return reply.declined ? headerLength + query.questionLength : reply.plainLength(query);
}

function flagsOf(query: Query, reply: Reply): string[] {
  const flags = ['qr'];
  if (reply.authoritative) flags.push('aa');
  if (isCut(reply, query)) flags.push('tc');
  if (query.recursionDesired) flags.push('rd');
  if (reply.recursionAvailable) flags.push('ra');
  if (reply.authenticData) flags.push('ad');
  if (query.checkingDisabled) flags.push('cd');
  return flags;
}

/** Seconds to the nanosecond, never in exponent notation. */
function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(9).replace(/\.?0+$/, '');
}
