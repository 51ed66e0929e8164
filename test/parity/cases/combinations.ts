// Several plugins at once, and names and files that are odd: what one plugin does to what another one has made.
import type { Script } from '../../support/upstream.ts';
import { once, type ParityCase, type Step } from '../case.ts';

const denial = { authority: ['inside.test 20 SOA ns.inside.test h.test 1 2 3 4 300'] };
const inside: Script = {
  'www.inside.test A': ['www.inside.test 300 CNAME web.inside.test', 'web.inside.test 60 CNAME pool.inside.test', 'pool.inside.test 30 A 192.0.2.1'],
  'www.inside.test AAAA': { answer: ['www.inside.test 300 CNAME web.inside.test'], ...denial },
  '_http._tcp.inside.test SRV': {
    answer: ['_http._tcp.inside.test 300 SRV 1 2 80 a.inside.test', '_http._tcp.inside.test 300 SRV 1 2 80 b.inside.test'],
    additional: ['a.inside.test 300 A 192.0.2.1', 'b.inside.test 200 AAAA 2001:db8::1'],
  },
  'gone.inside.test A': { rcode: 'NXDOMAIN', ...denial },
  'half.inside.test A': { rcode: 'NXDOMAIN', answer: ['half.inside.test 60 CNAME gone.inside.test'], ...denial },
  'fail.inside.test A': 'SERVFAIL',
  'refused.inside.test A': 'REFUSED',
  'delegated.inside.test A': {
    authority: ['delegated.inside.test 300 NS ns.delegated.inside.test'],
    additional: ['ns.delegated.inside.test 300 A 192.0.2.9'],
  },
  'signed.inside.test A': { answer: ['signed.inside.test 300 A 192.0.2.3'], flags: ['ra', 'ad'] },
  'big.inside.test TXT': { answer: Array.from({ length: 9 }, (_, i) => `big.inside.test 300 TXT "${i}${'x'.repeat(200)}"`), udp: { truncate: true } },
  'cdn.inside.test A': ['cdn.inside.test 60 CNAME edge.far.test', 'edge.far.test 60 A 192.0.2.66'],
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 A 192.0.2.77`] }),
  '* MX': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 MX 10 mail.${message.questions[0]?.name}`] }),
  '* *': { rcode: 'NXDOMAIN', ...denial },
};

/** Each question with EDNS and, as caches answer the second time, twice. */
const twice = (...asks: string[]): Step[] => asks.flatMap((ask) => [`${ask} +edns`, `${ask} +edns`]);
const outside = ['www', 'gone', 'half', 'fail', 'refused', 'delegated', 'signed', 'other'].map((label) => `${label}.outside.test A`);

const odd = ['a\\.b', 'a\\032b', '\\000', '\\255\\128', '"q"', '@', '\\\\', '\\(x\\;', '-x-', '_._', 'xn--bcher-kva', '1', 'a'.repeat(63)];

function through(name: string, lines: string, steps: readonly Step[], files: Readonly<Record<string, string>> = {}): ParityCase {
  return { name, corefile: `.:{{PORT}} {\n${lines}\nforward . {{UP1}}\n}\n`, upstreams: [inside], files, steps };
}

export const cases: readonly ParityCase[] = [
  through('a suffix with answer auto, a cache and loadbalance', 'cache\nloadbalance\nrewrite name suffix .outside.test .inside.test answer auto', [
    ...twice(...outside, 'www.outside.test AAAA', '_http._tcp.outside.test SRV', 'mx.outside.test MX'),
    ...twice('www.inside.test A', 'gone.inside.test A'),
    'signed.outside.test A +do',
    'signed.outside.test A +cd',
    'big.outside.test TXT +edns',
    'big.outside.test TXT +tcp +edns',
    'big.outside.test TXT +size=1232',
  ]),
  through(
    'names and values by expressions, over a cache',
    'cache 20\nrewrite stop {\nname regex (.*)\\.outside\\.test {1}.inside.test\nanswer name (.*)\\.inside\\.test {1}.outside.test\nanswer value (.*)\\.inside\\.test {1}.value.test\n}',
    twice(...outside, '_http._tcp.outside.test SRV', 'mx.outside.test MX'),
  ),
  through(
    'TTLs and response codes over a cache',
    'cache\nrewrite continue ttl suffix inside.test 5-20\nrewrite rcode suffix inside.test NXDOMAIN NOERROR',
    [...twice('www.inside.test A', 'gone.inside.test A', 'fail.inside.test A', 'delegated.inside.test A')],
  ),
  through(
    'two continuing suffixes, each with answer auto',
    'rewrite continue name suffix .a.test .b.test answer auto\nrewrite continue name suffix .b.test .inside.test answer auto',
    [...twice('www.a.test A', '_http._tcp.a.test SRV', 'www.b.test A')],
  ),
  through(
    'hosts with wildcards behind a rewrite, a cache and loadbalance',
    [
      'rewrite name exact a.outside.test w.hosts.test',
      'rewrite name suffix .out.test .hosts.test answer auto',
      'hosts {\n192.0.2.10 w.hosts.test\n192.0.2.11 w.hosts.test\n2001:db8::5 w.hosts.test\n192.0.2.12 *.wild.hosts.test\nfallthrough\n}',
      'cache\nloadbalance',
    ].join('\n'),
    [
      ...twice(
        'a.outside.test A',
        'a.outside.test AAAA',
        'a.outside.test MX',
        'w.out.test A',
        'x.wild.out.test A',
        'wild.out.test A',
        'x.y.wild.out.test A',
      ),
      ...twice(
        '*.wild.hosts.test A',
        'w.hosts.test TXT',
        '10.2.0.192.in-addr.arpa PTR',
        '12.2.0.192.in-addr.arpa PTR',
        '300.2.0.192.in-addr.arpa PTR',
      ),
    ],
  ),
  through(
    'an alias that is rewritten to a name of hosts',
    'rewrite cname exact edge.far.test. near.test.\nhosts {\n192.0.2.50 near.test\nfallthrough\n}',
    ['cdn.inside.test A +edns', 'cdn.inside.test A +tcp +edns'],
  ),
  through(
    'odd names, plain',
    '',
    odd.map((label) => `${label}.test A +edns`),
  ),
  through(
    'odd names, rewritten and cached',
    'cache\nrewrite name suffix .test .inside.test answer auto',
    twice(...odd.map((label) => `${label}.test A`)),
  ),
  through(
    'acl before a cache, behind a rewrite, with loadbalance',
    'rewrite name suffix .outside.test .inside.test answer auto\nacl inside.test {\nblock type MX\nfilter type SRV\n}\ncache\nloadbalance',
    [...twice('www.outside.test A', 'gone.outside.test A'), 'mx.outside.test MX +do', 'mx.outside.test MX +do', '_http._tcp.outside.test SRV +do'],
  ),
  through('minimal behind a cache, and bufsize in front', 'bufsize 512\ncache\nminimal\nloadbalance', [
    ...twice('www.inside.test A', '_http._tcp.inside.test SRV', 'gone.inside.test A', 'delegated.inside.test A'),
    'big.inside.test TXT +edns',
  ]),
  through(
    'a template behind a cache, which leads to the upstream',
    'cache\ntemplate IN A alias.test {\nanswer "{{ .Name }} 60 IN CNAME www.inside.test"\n}\ntemplate IN ANY none.test {\nrcode NXDOMAIN\nauthority "none.test 30 IN SOA ns.none.test h.none.test 1 2 3 4 30"\n}',
    [...twice('alias.test A', 'x.none.test A', 'none.test MX'), 'alias.test AAAA +edns'],
  ),
  through(
    'addresses that dns64 makes of those of a template',
    'dns64 {\nallow_ipv4\n}\ntemplate IN A made.test {\nanswer "{{ .Name }} 60 IN A 192.0.2.5"\n}\ntemplate IN ANY made.test {\nauthority "made.test 20 IN SOA ns.made.test h.made.test 1 2 3 4 20"\n}',
    ['a.made.test AAAA +edns', 'a.made.test A +edns', 'a.made.test MX +edns'],
  ),
  {
    name: 'two forwards with exceptions behind one cache',
    corefile: '.:{{PORT}} {\ncache\nforward a.test {{UP1}} {\nexcept x.a.test\n}\nforward . {{UP2}} {\nexcept b.test\n}\n}\n',
    upstreams: [inside, inside],
    steps: twice('w.a.test A', 'x.a.test A', 'y.x.a.test A', 'b.test A', 'w.b.test A', 'a.test A', 'ba.test A'),
  },
  {
    name: 'a hosts file with odd lines',
    corefile: '.:{{PORT}} {\nhosts hosts\n}\n',
    files: {
      hosts: [
        '192.0.2.1 a\\.b.test',
        ' 192.0.2.4\tTAB.test\tsecond.test',
        '#192.0.2.5 no.test',
        '999.1.1.1 bad.test',
        '192.0.2.6',
        '::ffff:192.0.2.9 mapped.test',
        'fe80::1%lo scoped.test',
        '192.0.2.7 dot.test.',
        '192.0.2.8 *.w.test w.test',
        '010.0.0.1 octal.test',
        '192.0.2.10 twice.test',
        '192.0.2.10 twice.test',
        '2001:DB8::A upper.test',
        '192.0.2.13 dash-.test # why\r',
        '192.0.2.14 end.test',
      ].join('\n'),
    },
    steps: [
      ...['a\\.b', 'tab', 'second', 'no', 'bad', 'mapped', 'scoped', 'dot', 'x.w', 'w', 'x.y.w', 'octal', 'twice', 'upper', 'dash-', 'end'].flatMap(
        (label) => [label === 'twice' ? once(`${label}.test A +edns`) : `${label}.test A +edns`, `${label}.test AAAA +edns`],
      ),
      ...['1', '4', '8', '9', '13', '14'].map((octet) => `${octet}.2.0.192.in-addr.arpa PTR +edns`),
      once('10.2.0.192.in-addr.arpa PTR +edns'),
    ],
  },
];
