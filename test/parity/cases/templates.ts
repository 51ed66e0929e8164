// template: answers that are made by templates.
import type { Script } from '../../support/upstream.ts';
import { type AskStep, type Observation, type ParityCase, type Step, spelled } from '../case.ts';

function templates(name: string, lines: string, steps: readonly Step[], more: Partial<ParityCase> = {}): ParityCase {
  return { name, corefile: `.:{{PORT}} {\n${lines}\nwhoami\n}\n`, steps, ...more } as ParityCase;
}

/** One template for every name, and another type that it is not for. */
function record(type: string, answer: string): ParityCase {
  const text = answer.replaceAll('"', '\\"');
  return templates(`a record of type ${type}: ${answer}`, `template IN ${type} {\nanswer "${text}"\n}`, [`a.test ${type} +edns`]);
}

/** An extended error makes an OPT record in CoreDNS, with DO, also for those who sent none. */
function own(ask: string): AskStep {
  const edns = /\+(?:edns|do|size)/.test(ask);
  const instead = ({ opt = '' }: Observation) => ({ opt: edns ? opt.replace(', do', '') : 'none' });
  return { ask, deviation: { id: edns ? 'reply-do' : 'opt-unasked', instead } };
}

/** A response code above 15, for a client without EDNS: CoreDNS says nothing at all. */
function unsaid(ask: string): AskStep {
  const question = `${ask.split(' ')[0]}. IN A`;
  return { ask, timeout: 1000, deviation: { id: 'extended-rcode', instead: { reply: 'SERVFAIL aa rd', question, opt: 'none' } } };
}

const addresses = [
  'template IN A example {',
  'match (^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$',
  'answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"',
  'fallthrough',
  '}',
  'template IN PTR in-addr.arpa {',
  'match ^(?P<d>[0-9]*)[.](?P<c>[0-9]*)[.](?P<b>[0-9]*)[.](?P<a>[0-9]*)[.]in-addr[.]arpa[.]$',
  'answer "{{ .Name }} 60 IN PTR ip-{{ .Group.a }}-{{ .Group.b }}-{{ .Group.c }}-{{ .Group.d }}.example."',
  '}',
].join('\n');

const upstream: Script = {
  'target.test A': ['target.test 30 A 192.0.2.7'],
  'target.test AAAA': { authority: ['test 20 SOA ns.test h.test 1 2 3 4 300'] },
  'cut.test A': { answer: ['cut.test 30 A 192.0.2.8'], flags: ['tc'] },
  'gone.test A': { rcode: 'NXDOMAIN', authority: ['test 20 SOA ns.test h.test 1 2 3 4 300'] },
  'fail.test A': 'SERVFAIL',
};

function chased(target: string, ask: string): ParityCase {
  return {
    name: `an alias to ${target}, asked for ${ask}`,
    corefile: `.:{{PORT}} {\ntemplate IN ANY alias.test {\nanswer "{{ .Name }} 60 IN CNAME ${target}"\n}\nforward . {{UP1}}\n}\n`,
    upstreams: [upstream],
    steps: [`alias.test ${ask} +tcp`],
  };
}

/** What a template makes of a name, as the data of a TXT record. */
const made: readonly string[] = [
  '{{ .Name }} {{ .Zone }} {{ .Class }} {{ .Type }} {{ .Regex }} {{ .Remote }}',
  '{{ index .Match 0 }}/{{ index .Match 1 }}/{{ index .Match 2 }}',
  '{{ .Group.first }}/{{ index .Group \\"0\\" }}/{{ index .Group \\"second\\" }}/{{ len .Group }}',
  '{{ .Question.Name }} {{ .Question.Qtype }} {{ .Question.Qclass }}',
  '{{ .Question.String }}',
  '{{ .Message.RecursionDesired }} {{ .Message.Response }} {{ len .Message.Question }} {{ (index .Message.Question 0).Qtype }} {{ len .Message.Extra }}',
  '{{ .Meta \\"no/such\\" }}|{{ with .Meta \\"no/such\\" }}x{{ else }}none{{ end }}',
  '{{ printf \\"%s-%03d\\" .Type 7 }} {{ parseInt \\"ff\\" 16 8 }}',
  '{{ if eq .Type \\"TXT\\" }}text{{ else }}other{{ end }}',
  '{{ range $i, $e := .Match }}{{ $i }}={{ $e }};{{ end }}',
  '{{ slice .Name 0 3 | html }} {{ len .Name }} {{ urlquery .Name \\"&\\" }}',
  '{{ range .Match }}{{ if eq . \\"b\\" }}{{ break }}{{ end }}{{ . }}{{ end }}',
  '{{ $x := 1 }}{{ $x = 2 }}{{ $x }}{{- \\" y\\" -}} z',
];

const failures: readonly string[] = [
  '{{ .Nothing }} IN A 192.0.2.1',
  '{{ index .Match 9 }} IN A 192.0.2.1',
  '{{ .Name }} 60 IN A 300.2.3.4',
  '{{ .Name }} 60 IN A 192.0.2.1 192.0.2.2',
  '{{ .Name }} 60 IN NONSENSE 192.0.2.1',
  '{{ .Name }} 60 IN AAAA 192.0.2.1',
  '{{ .Name }} 60 IN MX mail',
  '{{ .Name }} 60 IN MX 70000 mail',
  '{{ parseInt .Name 10 8 }} IN A 192.0.2.1',
  '{{ .Group.none }}x..y IN A 192.0.2.1',
];

/** CoreDNS makes a record without data. */
const empty = (ask: string): AskStep => ({ ask, deviation: { id: 'template-data', instead: { reply: 'SERVFAIL rd', answer: [] } } });

export const cases: readonly ParityCase[] = [
  templates('data that is missing', 'template IN A {\nanswer "{{ .Name }} 60 IN A"\n}\ntemplate IN TXT {\nanswer "{{ .Name }} 60 IN TXT"\n}', [
    empty('a.test A'),
    empty('a.test TXT'),
  ]),
  templates('no answer', 'template ANY ANY {\n}', ['a.test A', 'a.test MX +edns', 'a.test CH TXT']),
  templates(
    'every response code',
    'template IN A nx.test {\nrcode NXDOMAIN\n}\ntemplate IN A yx.test {\nrcode YXDOMAIN\n}\ntemplate IN A sf.test {\nrcode SERVFAIL\n}',
    ['nx.test A', 'a.nx.test A +edns', 'yx.test A', 'sf.test A', 'sf.test A +edns', 'nx.test AAAA'],
  ),
  templates(
    'response codes that need EDNS',
    'template IN A sig.test {\nrcode BADSIG\n}\ntemplate IN A cookie.test {\nrcode BADCOOKIE\nanswer "{{ .Name }} 60 IN A 192.0.2.1"\n}',
    ['sig.test A +edns', 'cookie.test A +do', unsaid('sig.test A'), unsaid('sig.test A +tcp')],
  ),
  templates(
    'an authority and an extended error',
    'template ANY ANY invalid {\nrcode NXDOMAIN\nauthority "invalid. 60 {{ .Class }} SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)"\nederror 21 "Blocked according to RFC2606"\n}',
    [own('a.invalid A'), own('a.invalid A +edns'), 'a.invalid MX +do', 'b.test A'],
  ),
  templates('an extended error without a text', 'template ANY ANY {\nederror 15\n}', ['a.test A +do']),
  templates('addresses and names', addresses, [
    'ip-192-0-2-10.example A',
    spelled('IP-192-0-2-10.Example A'),
    'www.ip-192-0-2-10.example A',
    'ip-192-0-2.example A',
    'ip-192-0-2-10.example AAAA',
    'example A',
    '10.2.0.192.in-addr.arpa PTR',
    '2.0.192.in-addr.arpa PTR',
    '10.2.0.192.in-addr.arpa A',
    'ip-192-0-2-10.other A',
  ]),
  templates(
    'hexadecimal addresses',
    'template IN A example {\nmatch "^ip0a(?P<b>[a-f0-9]{2})(?P<c>[a-f0-9]{2})(?P<d>[a-f0-9]{2})[.]example[.]$"\nanswer "{{ .Name }} 60 IN A 10.{{ parseInt .Group.b 16 8 }}.{{ parseInt .Group.c 16 8 }}.{{ parseInt .Group.d 16 8 }}"\nfallthrough\n}',
    ['ip0a7b7b7b.example A', 'ip0a7b7b.example A'],
  ),
  templates(
    'additional and authority',
    'template IN MX example {\nanswer "{{ .Name }} 60 IN MX 10 {{ .Name }}"\nadditional "{{ .Name }} 60 IN A 192.0.2.1" "{{ .Name }} 60 IN AAAA 2001:db8::1"\nauthority "example. 60 IN NS ns0.example."\nauthority "example. 60 IN NS ns1.example."\n}',
    ['a.example MX', 'a.example MX +edns'],
  ),
  templates('the first expression that matches', 'template IN TXT {\nmatch ^nothing ^(a)[.] (b)\nanswer "{{ .Name }} TXT {{ index .Match 1 }}"\n}', [
    'a.test TXT',
    'xb.test TXT',
    'c.test TXT',
    'ab.test TXT',
  ]),
  templates('without fallthrough a name that does not match is a failure', 'template IN A {\nmatch ^yes\nanswer "{{ .Name }} A 192.0.2.1"\n}', [
    'yes.test A',
    'no.test A',
    'no.test AAAA',
    'no.test A +edns',
  ]),
  templates('fallthrough for some zones', 'template IN A {\nmatch ^yes\nanswer "{{ .Name }} A 192.0.2.1"\nfallthrough a.test b.test\n}', [
    'no.a.test A',
    'a.test A',
    'no.c.test A',
    'yes.c.test A',
  ]),
  templates(
    'several templates in order',
    'template IN A test {\nmatch ^one\nanswer "{{ .Name }} A 192.0.2.1"\nfallthrough\n}\ntemplate IN ANY test {\nmatch ^two ^one\nanswer "{{ .Name }} TXT two"\nfallthrough\n}\ntemplate ANY ANY other {\nrcode REFUSED\n}',
    ['one.test A', 'one.test TXT', 'two.test MX', 'three.test A', 'a.b A'],
  ),
  templates('a query for ANY is for every template', 'template IN A test {\nanswer "{{ .Name }} {{ .Class }} {{ .Type }} 192.0.2.1"\n}', [
    'a.test ANY',
    'a.test ANY +tcp',
    'a.test MX',
  ]),
  templates('class CH', 'chaos\ntemplate CH TXT {\nanswer "{{ .Name }} 5 {{ .Class }} TXT hello"\n}', [
    'a.test CH TXT',
    'a.test IN TXT',
    'version.test CH A',
  ]),
  templates('zones that overlap', 'template IN TXT test a.test b.a.test {\nanswer "{{ .Name }} TXT {{ .Zone }}"\n}', [
    'x.b.a.test TXT',
    'x.a.test TXT',
    'x.test TXT',
    'test TXT',
    'x.other TXT',
  ]),
  templates('a reverse zone', 'template IN PTR 10.1.0.0/16 {\nanswer "{{ .Name }} PTR host.test"\n}', [
    '1.2.1.10.in-addr.arpa PTR',
    '1.2.2.10.in-addr.arpa PTR',
  ]),
  ...made.map((text) =>
    templates(
      `makes ${text}`,
      `template IN TXT {\nmatch "^(?P<first>a)[.](b)?(?P<second>[a-z]+)"\nanswer "{{ .Name }} 60 IN TXT \\"${text.replaceAll('\\"', '`')}\\""\n}`,
      ['a.bcd.test TXT +edns', spelled('A.bcd.TEST TXT')],
    ),
  ),
  ...failures.map((text) => templates(`fails at ${text}`, `template IN A {\nanswer "${text}"\n}`, ['a.test A', 'a.test A +edns'])),
  ...[
    ['A', '{{ .Name }} 192.0.2.1'],
    ['A', '{{ .Name }} A 192.0.2.1'],
    ['A', '{{ .Name }} 1h30m A 192.0.2.1'],
    ['A', '{{ .Name }} IN 60 A 192.0.2.1'],
    ['A', '@ 60 IN A 192.0.2.1'],
    ['A', 'other.test. 60 IN A 192.0.2.1'],
    ['AAAA', '{{ .Name }} 60 IN AAAA 2001:DB8::1'],
    ['AAAA', '{{ .Name }} 60 IN AAAA ::ffff:192.0.2.1'],
    ['NS', '{{ .Name }} 60 IN NS ns'],
    ['MX', '{{ .Name }} 60 IN MX 10 mail.{{ .Name }}'],
    ['TXT', '{{ .Name }} 60 IN TXT "one two" three "a\\"b" \\097'],
    ['TXT', `{{ .Name }} 60 IN TXT "${'x'.repeat(300)}"`],
    ['TXT', '{{ .Name }} 60 IN TXT ( "one"\n "two" ) ; comment'],
    ['SRV', '{{ .Name }} 60 IN SRV 1 2 3 target.test'],
    ['SOA', '{{ .Name }} 60 IN SOA ns.test h.test 1 2h 3 4 5'],
    ['CAA', '{{ .Name }} 60 IN CAA 0 issue "ca.test"'],
    ['HINFO', '{{ .Name }} 60 IN HINFO "cpu" os'],
    ['NAPTR', '{{ .Name }} 60 IN NAPTR 10 20 "S" "SIP+D2U" "" _sip._udp.test.'],
    ['PTR', '{{ .Name }} 60 IN PTR a.test'],
    ['URI', '{{ .Name }} 60 IN URI 1 2 "https://a.test/"'],
    ['SSHFP', '{{ .Name }} 60 IN SSHFP 1 2 0a0b0c'],
    ['TLSA', '{{ .Name }} 60 IN TLSA 3 1 1 0a0b 0c0d'],
    ['DS', '{{ .Name }} 60 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118'],
    ['DNSKEY', '{{ .Name }} 60 IN DNSKEY 256 3 13 AQPSKmynfzW4kyBv015MUG2DeIQ3'],
    ['HTTPS', '{{ .Name }} 60 IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1 port=8443'],
    ['HTTPS', '{{ .Name }} 60 IN HTTPS 0 pool.test.'],
    ['SVCB', '{{ .Name }} 60 IN SVCB 1 a.test mandatory=alpn alpn=h2 key65400="x"'],
    ['DNAME', '{{ .Name }} 60 IN DNAME other.test'],
    ['RP', '{{ .Name }} 60 IN RP h.test t.test'],
    ['TYPE65280', '{{ .Name }} 60 IN TYPE65280 \\# 3 0a0b0c'],
    ['A', '{{ .Name }} 60 IN A \\# 4 c0000201'],
  ].map(([type = '', answer = '']) =>
    type === 'TYPE65280'
      ? templates(`a record of type ${type}`, `template IN ANY {\nanswer "${answer}"\n}`, [`a.test ${type} +edns`])
      : record(type, answer),
  ),
  chased('target.test', 'A'),
  chased('target.test', 'AAAA'),
  chased('target.test', 'MX'),
  chased('gone.test', 'A'),
  chased('cut.test', 'A'),
  templates(
    'an alias to a name of another template',
    'template IN ANY one.test {\nanswer "{{ .Name }} 60 IN CNAME two.test"\n}\ntemplate IN A two.test {\nanswer "{{ .Name }} 60 IN A 192.0.2.2"\n}',
    ['one.test A', 'one.test AAAA'],
  ),
  templates('metadata', 'metadata\nview inside {\nexpr true\n}\ntemplate IN TXT {\nanswer "{{ .Name }} TXT {{ .Meta \\"view/name\\" }}"\n}', [
    'a.test TXT',
  ]),
  templates(
    'behind a rewrite and a cache',
    'rewrite name exact out.test in.test\ncache\ntemplate IN A in.test {\nanswer "{{ .Name }} 60 IN A 192.0.2.1"\n}',
    ['out.test A', 'out.test A', 'in.test A'],
  ),
  templates(
    'behind minimal and header',
    'minimal\nheader {\nresponse clear aa\n}\ntemplate IN A {\nanswer "{{ .Name }} 60 IN A 192.0.2.1"\nadditional "b.test 60 IN A 192.0.2.2"\n}',
    ['a.test A'],
  ),
  templates(
    'metrics',
    'prometheus 127.0.0.1:{{HTTP}}\ntemplate IN A a.test {\nmatch ^x\nanswer "{{ .Name }} 60 IN A 192.0.2.1"\nfallthrough\n}\ntemplate IN A b.test {\nanswer "{{ .Nothing }}"\n}\ntemplate IN A c.test {\nauthority "{{.Name | printf `%s`}} nonsense"\n}',
    ['x.a.test A', 'x.a.test A', 'y.a.test A', 'x.a.test AAAA', 'b.test A', 'c.test A', { http: '{{HTTP}}/metrics', keep: /^coredns_template_/ }],
  ),
  templates('metrics of types and classes without a name', 'prometheus 127.0.0.1:{{HTTP}}\ntemplate ANY ANY {\nrcode NXDOMAIN\n}', [
    'a.test TYPE65280',
    'a.test TYPE65281',
    'a.test CLASS77 A',
    'a.test HTTPS',
    { http: '{{HTTP}}/metrics', keep: /^coredns_template_/ },
  ]),
];
