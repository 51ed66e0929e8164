// Table C: what a client may send, and what the server makes of it. The message is hex, as it goes over the wire.
import { header, labels, opt, option, ordinary, question, unknownSignature, withOpt } from './bytes.ts';

/** What becomes of a message. */
export interface Verdict {
  /** The response codes that are right; `silence` when no message may be sent: HTTP says 400 then, gRPC INVALID_ARGUMENT, a stream may be closed. */
  readonly reply: 'silence' | readonly string[];
  /** The reply is a header and nothing else. */
  readonly bare?: boolean;
  /** The records of the answer section, as text, in this order; unchecked unless given. */
  readonly answer?: readonly string[];
  /** TC is set and the reply has this many octets at most. */
  readonly truncatedTo?: number;
  /** What the upstream is asked, as `NAME CLASS TYPE`; nothing unless given. */
  readonly asked?: readonly string[];
}

export interface ClientMessage {
  readonly id: string;
  readonly title: string;
  /** Hex. */
  readonly message: string;
  readonly verdict: Verdict;
  /** Whether it is about datagrams alone. */
  readonly datagrams?: boolean;
  /** Directives of the server block besides cache and forward. */
  readonly directives?: string;
  /** A query in words that is asked before. */
  readonly first?: string;
}

const silence: Verdict = { reply: 'silence' };
const formatError: Verdict = { reply: ['FORMERR'], bare: true };
const asked = ['a.test. IN A'];
const answered: Verdict = { reply: ['NOERROR'], answer: ['a.test. 60 IN A 192.0.2.1'], asked };
const noName = (name: string, type = 'A'): Verdict => ({ reply: ['NXDOMAIN'], answer: [], asked: [`${name} IN ${type}`] });
const refused: Verdict = { reply: ['REFUSED'], answer: [] };
/** A header alone, never looked at further. */
const declined = (...reply: string[]): Verdict => ({ reply, bare: true });

const soaOfTest = question('test', '0006');
const x = (count: number): string => 'x.'.repeat(count);
const long = (octets: number): string => `${'x'.repeat(octets)}.`;
const strange = '\\000\\.\\032\\255.test.';

export const clientMessages: readonly ClientMessage[] = [
  { id: 'C1', title: 'no octet at all', message: '', verdict: silence },
  { id: 'C2', title: 'eleven octets', message: '4242010000010000000000', verdict: silence },
  { id: 'C3', title: 'no question', message: header({ counts: '0000 0000 0000 0000' }), verdict: formatError },
  {
    id: 'C4',
    title: 'no question but a cookie, while cookies are off',
    message: `${header({ counts: '0000 0000 0000 0001' })} ${opt('000a0008 3132333435363738')}`,
    verdict: formatError,
  },
  { id: 'C5', title: 'a response with a question', message: `${header({ flags: '8180' })} ${ordinary}`, verdict: silence },
  { id: 'C6', title: 'a response of twelve octets', message: header({ flags: '8180', counts: '0000 0000 0000 0000' }), verdict: silence },
  { id: 'C7', title: 'two questions', message: `${header({ counts: '0002 0000 0000 0000' })} ${ordinary} ${ordinary}`, verdict: formatError },
  {
    id: 'C8',
    title: 'two questions of which one is there',
    message: `${header({ counts: '0002 0000 0000 0000' })} ${ordinary}`,
    verdict: formatError,
  },
  { id: 'C9', title: 'a question that is not there', message: header(), verdict: formatError },
  {
    id: 'C10',
    title: '65,535 questions of which one is there',
    message: `${header({ counts: 'ffff 0000 0000 0000' })} ${ordinary}`,
    verdict: formatError,
  },
  { id: 'C11', title: 'a label that runs off the end', message: `${header()} 05616263`, verdict: formatError },
  { id: 'C12', title: 'no class', message: `${header()} 0161047465737400 0001`, verdict: formatError },
  { id: 'C13', title: 'a label of the dead type 01', message: `${header()} 40 ${'61'.repeat(64)} 00 0001 0001`, verdict: formatError },
  { id: 'C14', title: 'a pointer to itself', message: `${header()} c00c 0001 0001`, verdict: formatError },
  { id: 'C15', title: 'a forward pointer', message: `${header()} c012 0001 0001 0161047465737400`, verdict: formatError },
  { id: 'C16', title: 'a pointer into the header', message: `${header()} c000 0001 0001`, verdict: formatError },
  { id: 'C17', title: 'a label and a pointer back to it', message: `${header()} 0161 c00c 0001 0001`, verdict: formatError },
  { id: 'C18', title: 'a name of 256 octets', message: `${header()} ${labels(3, 63)} ${labels(1, 62)} 00 0001 0001`, verdict: formatError },
  {
    id: 'C19',
    title: 'a name of 255 octets',
    message: `${header()} ${labels(3, 63)} ${labels(1, 61)} 00 0001 0001`,
    verdict: noName(`${long(63).repeat(3)}${long(61)}`),
  },
  { id: 'C20', title: '127 labels', message: `${header()} ${labels(127, 1)} 00 0001 0001`, verdict: noName(x(127)) },
  { id: 'C21', title: '128 labels', message: `${header()} ${labels(128, 1)} 00 0001 0001`, verdict: formatError },
  {
    id: 'C22',
    title: 'a label with a zero, a dot, a blank and 255 in it',
    message: `${header()} 04002e20ff 047465737400 0001 0001`,
    verdict: { reply: ['NOERROR'], answer: [`${strange} 60 IN A 192.0.2.1`], asked: [`${strange} IN A`] },
  },
  {
    id: 'C23',
    title: 'a name in mixed case',
    // The upstream answers in lower case, as one that folds names would.
    message: `${header()} ${question('A.TeSt', '0001')}`,
    verdict: { reply: ['NOERROR'], answer: ['a.test. 60 IN A 192.0.2.1'], asked: ['A.TeSt. IN A'] },
  },
  { id: 'C24', title: 'a trailing octet', message: `${header()} ${ordinary} 00`, verdict: answered },
  { id: 'C25', title: '400 trailing octets', message: `${header()} ${ordinary} ${'aa'.repeat(400)}`, verdict: answered },
  { id: 'C26', title: 'EDNS version 1', message: withOpt('', { version: '01' }), verdict: { reply: ['BADVERS'], answer: [] } },
  {
    id: 'C27',
    title: 'two OPT records',
    message: `${header({ counts: '0001 0000 0000 0002' })} ${ordinary} ${opt()} ${opt()}`,
    verdict: formatError,
  },
  { id: 'C28', title: 'an OPT record with an owner', message: withOpt('', { owner: '0178 00' }), verdict: formatError },
  {
    id: 'C29',
    title: 'an OPT record whose RDATA is not there',
    message: `${header({ counts: '0001 0000 0000 0001' })} ${ordinary} 00 0029 04d0 00000000 0014`,
    verdict: formatError,
  },
  { id: 'C30', title: 'an EDNS option longer than its record', message: withOpt('fde9 0028 6162'), verdict: formatError },
  {
    id: 'C31',
    title: 'an EDNS size of 0 and an answer of 3 KB',
    datagrams: true,
    message: `${header({ counts: '0001 0000 0000 0001' })} ${question('big.test', '0010')} ${opt('', { size: '0000' })}`,
    verdict: { reply: ['NOERROR'], truncatedTo: 512, asked: ['big.test. IN TXT'] },
  },
  {
    id: 'C32',
    title: 'an EDNS size of 65,535 and an answer of 41 KB',
    datagrams: true,
    first: 'huge.test TXT +tcp +size=65535',
    message: `${header({ counts: '0001 0000 0000 0001' })} ${question('huge.test', '0010')} ${opt('', { size: 'ffff' })}`,
    verdict: { reply: ['NOERROR'], truncatedTo: 4096 },
  },
  {
    id: 'C33',
    title: 'an OPT record in the answer section',
    message: `${header({ counts: '0001 0001 0000 0000' })} ${ordinary} ${opt()}`,
    verdict: formatError,
  },
  {
    id: 'C34',
    title: 'an address record in the query',
    message: `${header({ counts: '0001 0001 0000 0000' })} ${ordinary} 0161 0474657374 00 0001 0001 00000e10 0004 06060606`,
    verdict: answered,
  },
  { id: 'C35', title: 'a client subnet of family 9', message: withOpt(option('0008', '0009 18 00 616263')), verdict: formatError },
  { id: 'C36', title: 'a cookie of seven octets, while cookies are off', message: withOpt(option('000a', '31323334353637')), verdict: answered },
  {
    id: 'C37',
    title: 'a server cookie nobody gave, while cookies are off',
    message: withOpt(option('000a', `3132333435363738 ${'cc'.repeat(16)}`)),
    verdict: answered,
  },
  { id: 'C38', title: 'an unknown EDNS option', message: withOpt(option('fde9', '68656c6c6f')), verdict: answered },
  { id: 'C39', title: 'edns-tcp-keepalive', message: withOpt(option('000b', '')), verdict: answered, datagrams: true },
  { id: 'C40', title: 'every EDNS flag but DO', message: withOpt('', { flags: '7fff' }), verdict: answered },
  { id: 'C41', title: 'the Z bit of the header', message: `${header({ flags: '0140' })} ${ordinary}`, verdict: answered },
  { id: 'C42', title: 'TC in a query', message: `${header({ flags: '0300' })} ${ordinary}`, verdict: answered },
  { id: 'C43', title: 'no recursion desired', message: `${header({ flags: '0000' })} ${ordinary}`, verdict: answered },
  { id: 'C44', title: 'opcode 1, IQUERY', message: `${header({ flags: '0900' })} ${ordinary}`, verdict: declined('NOTIMP') },
  { id: 'C45', title: 'opcode 4, NOTIFY', message: `${header({ flags: '2100' })} ${soaOfTest}`, verdict: declined('REFUSED', 'NOTAUTH', 'NOTIMP') },
  { id: 'C46', title: 'opcode 5, UPDATE', message: `${header({ flags: '2900' })} ${soaOfTest}`, verdict: declined('NOTIMP', 'REFUSED') },
  { id: 'C47', title: 'opcode 6, DSO', message: `${header({ flags: '3100' })} ${ordinary}`, verdict: declined('NOTIMP') },
  { id: 'C48', title: 'opcode 15', message: `${header({ flags: '7900' })} ${ordinary}`, verdict: declined('NOTIMP') },
  { id: 'C49', title: 'version.bind in class CH', message: `${header()} ${question('version.bind', '0010', '0003')}`, verdict: refused },
  { id: 'C50', title: 'an address in class CH', message: `${header()} ${question('a.test', '0001', '0003')}`, verdict: refused },
  {
    id: 'C51',
    title: 'class 0',
    message: `${header()} ${question('a.test', '0001', '0000')}`,
    verdict: { reply: ['FORMERR', 'REFUSED'], answer: [] },
  },
  { id: 'C52', title: 'class ANY', message: `${header()} ${question('a.test', '0001', '00ff')}`, verdict: refused },
  {
    id: 'C53',
    title: 'type ANY of a name with three record sets',
    datagrams: true,
    message: `${header()} ${question('any.test', '00ff')}`,
    verdict: { reply: ['NOERROR'], answer: ['any.test. 60 IN A 192.0.2.1', 'any.test. 60 IN A 192.0.2.2'], asked: ['any.test. IN ANY'] },
  },
  {
    id: 'C54',
    title: 'a zone transfer over UDP',
    datagrams: true,
    message: `${header()} ${question('test', '00fc')}`,
    verdict: { reply: ['NOTIMP', 'REFUSED', 'FORMERR'] },
  },
  // NODATA would be right as well; what is refused cannot leave a cache entry.
  { id: 'C55', title: 'type OPT', message: `${header()} ${question('a.test', '0029')}`, verdict: formatError },
  { id: 'C56', title: 'type TSIG', message: `${header()} ${question('a.test', '00fa')}`, verdict: formatError },
  {
    id: 'C57',
    title: 'type 65280',
    message: `${header()} ${question('a.test', 'ff00')}`,
    verdict: { reply: ['NOERROR'], answer: [], asked: ['a.test. IN TYPE65280'] },
  },
  {
    id: 'C58',
    title: 'a signature by an unknown key, while TSIG is off',
    message: `${header({ counts: '0001 0000 0000 0001' })} ${ordinary} ${unknownSignature()}`,
    verdict: answered,
  },
  {
    id: 'C59',
    title: 'a signature before the OPT record',
    message: `${header({ counts: '0001 0000 0000 0002' })} ${ordinary} ${unknownSignature()} ${opt()}`,
    verdict: formatError,
  },
  { id: 'C60', title: '65,535 of everything and no body', message: header({ counts: 'ffff ffff ffff ffff' }), verdict: formatError },
  { id: 'C61', title: '512 zero octets', message: '00'.repeat(512), verdict: formatError },
  {
    id: 'C62',
    title: 'a message of 9,000 octets filled with zeros',
    message: `${header()} ${ordinary} ${'00'.repeat(9000 - 24)}`,
    verdict: answered,
  },
  {
    id: 'C63',
    title: 'an additional record that is not there',
    message: `${header({ counts: '0001 0000 0000 0001' })} ${ordinary}`,
    verdict: formatError,
  },
  {
    id: 'C64',
    title: 'a record whose owner is a pointer to itself',
    message: `${header({ counts: '0001 0000 0000 0001' })} ${ordinary} c018 0001 0001 00000e10 0004 06060606`,
    verdict: formatError,
  },
  {
    id: 'C65',
    title: 'a loop of two CNAMEs',
    message: `${header()} ${question('loop1.test', '0001')}`,
    verdict: { reply: ['SERVFAIL', 'NOERROR'], asked: ['loop1.test. IN A'] },
  },
  {
    id: 'C66',
    title: 'a chain of 20 CNAMEs',
    message: `${header()} ${question('chain0.test', '0001')}`,
    verdict: { reply: ['SERVFAIL', 'NOERROR'], asked: ['chain0.test. IN A'] },
  },
  {
    id: 'C67',
    title: 'a private address in reverse',
    message: `${header()} ${question('1.0.0.10.in-addr.arpa', '000c')}`,
    verdict: noName('1.0.0.10.in-addr.arpa.', 'PTR'),
  },
  { id: 'C68', title: 'localhost without the plugin local', message: `${header()} ${question('localhost', '0001')}`, verdict: noName('localhost.') },
  {
    id: 'C68',
    title: 'localhost with the plugin local',
    directives: 'local',
    message: `${header()} ${question('localhost', '0001')}`,
    verdict: { reply: ['NOERROR'], answer: ['localhost. * IN A 127.0.0.1'] },
  },
  { id: 'C69', title: 'a name under invalid', message: `${header()} ${question('x.invalid', '0001')}`, verdict: noName('x.invalid.') },
];
