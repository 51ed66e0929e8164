// Table T: what a client may do on a TCP connection, and how the server takes it. Bytes are hex, as they go over the wire.
import { header, ordinary, question } from './bytes.ts';

export interface TcpExchange {
  readonly id: string;
  readonly title: string;
  /** What the client does, one after the other: hex to write, `finish` to close its direction. */
  readonly does: readonly string[];
  /** Milliseconds between the writes; none unless given. */
  readonly pause?: number;
  /** The ids of the replies and the response codes that are right for each; in any order. */
  readonly replies: Readonly<Record<number, readonly string[]>>;
  /** When the server closes; `stays` when the connection can be used further. */
  readonly closes: 'at once' | 'after read' | 'after idle' | 'stays';
}

const frame = (message: string): string => `${hex16(message.replaceAll(/\s/g, '').length / 2)} ${message}`;
const hex16 = (value: number): string => value.toString(16).padStart(4, '0');
const withId = (id: number, message: string): string => message.replace('4242', hex16(id));

const ordinaryQuery = `${header()} ${ordinary}`;
const query = (id: number): string => frame(withId(id, ordinaryQuery));
const response = frame(withId(1, `${header({ flags: '8180' })} ${ordinary}`));
const pointerLoop = frame(withId(1, `${header()} c00c 0001 0001`));
const transfer = frame(withId(1, `${header()} 00 00fc 0001`));
const keepAlive = frame(withId(1, `${header({ flags: '3000', counts: '0000 0000 0000 0000' })} 0001 0008 00003a98 00003a98`));
const hundred = Array.from({ length: 100 }, (_, i) => frame(withId(i + 1, `${header()} ${question(`n${i}.test`, '0001')}`)));

const answered = ['NOERROR'];

export const tcpExchanges: readonly TcpExchange[] = [
  { id: 'T1', title: 'a frame without a message, then a query', does: [`0000 ${query(2)}`], replies: {}, closes: 'at once' },
  { id: 'T2', title: 'a frame of five octets', does: ['0005 68656c6c6f'], replies: {}, closes: 'at once' },
  { id: 'T3', title: 'a response, then a query', does: [response, query(2)], replies: { 2: answered }, closes: 'stays' },
  { id: 'T4', title: 'a pointer loop, then a query', does: [pointerLoop, query(2)], replies: { 1: ['FORMERR'], 2: answered }, closes: 'stays' },
  { id: 'T5', title: 'a third of a message, then FIN', does: [`0064 ${'00'.repeat(30)}`, 'finish'], replies: {}, closes: 'at once' },
  { id: 'T6', title: 'a query, then FIN', does: [query(2), 'finish'], replies: { 2: answered }, closes: 'at once' },
  {
    id: 'T7',
    title: '100 queries in one write',
    does: [hundred.join('')],
    replies: Object.fromEntries(hundred.map((_, i) => [i + 1, ['NXDOMAIN']])),
    closes: 'stays',
  },
  { id: 'T8', title: 'a query octet by octet', does: octets(query(2)), pause: 5, replies: { 2: answered }, closes: 'stays' },
  { id: 'T9', title: 'a transfer of the root zone', does: [transfer], replies: { 1: ['REFUSED', 'NOTAUTH'] }, closes: 'stays' },
  { id: 'T10', title: 'a request of HTTP', does: [hexOf('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')], replies: {}, closes: 'after read' },
  { id: 'T11', title: 'a keepalive of DSO', does: [keepAlive], replies: { 1: ['NOTIMP'] }, closes: 'stays' },
  { id: 'T12', title: 'nothing', does: [], replies: {}, closes: 'after read' },
  { id: 'T13', title: 'half a length', does: ['00'], replies: {}, closes: 'after read' },
  { id: 'T14', title: 'a length of 65,535 and ten octets', does: [`ffff ${'00'.repeat(10)}`], replies: {}, closes: 'after read' },
  { id: 'T15', title: 'nothing after one query', does: [query(2)], replies: { 2: answered }, closes: 'after idle' },
];

function octets(hex: string): string[] {
  return hex.replaceAll(/\s/g, '').match(/../g) ?? [];
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}
