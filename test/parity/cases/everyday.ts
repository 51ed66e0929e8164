// Small plugins that many Corefiles use: acl, any, bufsize, cancel, chaos, header, minimal, nsid.
import type { Script } from '../../support/upstream.ts';
import { type AskStep, corefile, type Deviation, type Observation, type ParityCase, type Step, spelled } from '../case.ts';

/** CoreDNS sends an OPT record of its own, with DO, also to those who sent none. */
function own(ask: string): AskStep {
  const edns = /\+(?:edns|do|size|option)/.test(ask);
  const instead = ({ opt = '' }: Observation) => ({ opt: edns ? opt.replace(', do', '') : 'none' });
  return { ask, deviation: { id: edns ? 'reply-do' : 'opt-unasked', instead } };
}

/** A rule that names the network of the tests, and others that do not. */
function access(name: string, lines: string, steps: readonly Step[]): ParityCase {
  return { name: `acl: ${name}`, corefile: `.:{{PORT}} {\n${lines}\nwhoami\n}\n`, steps };
}

const asked = 'www.example.org A +do';

const acl: readonly ParityCase[] = [
  access('no policy', 'acl', [asked]),
  access('allow', 'acl {\nallow\n}', [asked]),
  access('block', 'acl {\nblock\n}', [
    asked,
    own('www.example.org A'),
    own('www.example.org A +edns'),
    'www.example.org A +do +tcp',
    'www.example.org A +do +nord',
  ]),
  access('filter', 'acl {\nfilter\n}', [asked, own('www.example.org A'), own('www.example.org A +size=1400')]),
  access('drop', 'acl {\ndrop\n}', [
    { ask: asked, timeout: 300 },
    { ask: 'www.example.org A +tcp', timeout: 300 },
  ]),
  access('a type', 'acl {\nblock type A\n}', [asked, 'www.example.org AAAA']),
  access('several types', 'acl {\nblock type A MX type TXT\n}', [asked, 'www.example.org MX +do', 'www.example.org TXT +do', 'www.example.org AAAA']),
  access('all types', 'acl {\nblock type A * nonsense\n}', [asked, 'www.example.org AAAA +do']),
  access('a type ANY', 'acl {\nblock type ANY\n}', ['www.example.org A', 'www.example.org ANY +do']),
  access('a network', 'acl {\nblock net 127.0.0.0/8\n}', [asked]),
  access('a network elsewhere', 'acl {\nblock net 10.0.0.0/8\n}', ['www.example.org A']),
  access('an address', 'acl {\nblock net 127.0.0.1\n}', [asked]),
  access('an address elsewhere', 'acl {\nblock net 127.0.0.2\n}', ['www.example.org A']),
  access('all networks', 'acl {\nblock net 10.0.0.0/8 * nonsense\n}', [asked]),
  access('networks of IPv6 alone', 'acl {\nblock net ::/0\n}', ['www.example.org A']),
  access('networks of IPv4 alone', 'acl {\nblock net 0.0.0.0/0\n}', [asked]),
  access('host bits', 'acl {\nblock net 127.0.0.9/8\n}', [asked]),
  access('the first policy that fits, not the longest network', 'acl {\nallow net 127.0.0.0/8\nblock net 127.0.0.1/32\n}', ['www.example.org A']),
  access('the first policy that fits', 'acl {\nblock net 127.0.0.1\nallow net 127.0.0.0/8\n}', [asked]),
  access('networks and types', 'acl {\nallow type A net 10.0.0.0/8\nfilter net 127.0.0.0/8 type A\nblock type AAAA net 127.0.0.1\n}', [
    asked,
    'www.example.org AAAA +do',
    'www.example.org MX',
  ]),
  access('an end that refuses the rest', 'acl {\nallow net 10.0.0.0/8\nallow type MX\nblock\n}', [asked, 'www.example.org MX']),
  access('zones', 'acl a.test b.test {\nblock\n}', ['www.a.test A +do', 'b.test A +do', 'www.c.test A', 'xa.test A', 'WWW.A.TEST MX +do']),
  access('a reverse zone from a network', 'acl 10.1.0.0/16 {\nblock\n}', ['1.2.1.10.in-addr.arpa PTR +do', '1.2.2.10.in-addr.arpa PTR']),
  access('an allow of one list ends the search in the others', 'acl a.test {\nallow type A\n}\nacl test {\nblock\n}', [
    'www.a.test A',
    'www.a.test MX +do',
    'www.b.test A +do',
  ]),
  access('words in any letter case', 'acl {\nBLOCK TYPE A NET 127.0.0.0/8\n}', [asked]),
  access('a rewrite stands before', 'acl secret.test {\nblock\n}\nrewrite name open.test secret.test', [
    'open.test A +do',
    'secret.test A +do',
    'www.test A',
  ]),
  access('a rewrite leads out', 'acl secret.test {\nblock\n}\nrewrite name secret.test open.test', ['secret.test A', 'www.secret.test A +do']),
  access('metrics', 'prometheus 127.0.0.1:{{HTTP}}\nacl a.test {\nblock type A\nfilter type MX\ndrop type TXT\n}', [
    'www.a.test A +do',
    'www.a.test A +do',
    'a.test MX +do',
    { ask: 'a.test TXT', timeout: 300 },
    'a.test AAAA',
    'b.test A',
    'b.test MX',
    { http: '{{HTTP}}/metrics', keep: /^coredns_acl_/ },
  ]),
];

const answers: Script = {
  'many.test A': {
    answer: ['many.test 30 A 192.0.2.1'],
    authority: ['test 300 NS ns.test'],
    additional: ['ns.test 300 A 192.0.2.9'],
  },
  'gone.test A': { rcode: 'NXDOMAIN', authority: ['test 20 SOA ns.test h.test 1 2 3 4 300'] },
  'none.test A': { authority: ['test 20 SOA ns.test h.test 1 2 3 4 300'] },
  'empty.test A': { additional: ['ns.test 300 A 192.0.2.9'] },
  'delegated.test A': { authority: ['delegated.test 300 NS ns.test'], additional: ['ns.test 300 A 192.0.2.9'] },
  'fail.test A': 'SERVFAIL',
  'aa.test A': { answer: ['aa.test 30 A 192.0.2.1'], flags: ['aa'] },
  'big.test TXT': { answer: Array.from({ length: 12 }, (_, i) => `big.test 300 TXT "${i}${'x'.repeat(200)}"`) },
  '* A': ['www.test 30 A 192.0.2.1'],
};

/** A directive in front of a forwarder. */
function ahead(name: string, lines: string, steps: readonly Step[]): ParityCase {
  return { name, corefile: `.:{{PORT}} {\n${lines}\nforward . {{UP1}}\n}\n`, upstreams: [answers], steps };
}

const all = ['many.test A', 'gone.test A', 'none.test A', 'empty.test A', 'delegated.test A', 'fail.test A', 'aa.test A +edns'];

/** A name with so many addresses that its answer has 1,655 octets, or 855 without repeated names, behind a bound on the size. */
function sized(line: string, steps: readonly Step[]): ParityCase {
  const addresses = Array.from({ length: 51 }, (_, i) => `192.0.2.${i} big.test`).join('\n');
  return { name: line, corefile: `.:{{PORT}} {\n${line}\nhosts {\n${addresses}\n}\n}\n`, steps, order: 'types' };
}

/** NSID is between us and the client, and not sent on. */
const hop = (ask: string): AskStep => ({
  ask,
  deviation: { id: 'hop-by-hop-options', instead: ({ asked = {} }) => ({ asked: { 1: (asked['1'] ?? []).map((each) => each.replace(' 3:', '')) } }) },
});

/** What RD says in a reply is what the client said. */
const rdOfClient = (ask: string): AskStep => ({
  ask,
  deviation: {
    id: 'reply-rd',
    instead: ({ reply = '' }) => ({ reply: ask.includes('+nord') ? reply.replace(' rd', '') : reply.replace(/(NOERROR(?: aa)?)/, '$1 rd') }),
  },
});
const version: Deviation = {
  id: 'chaos-version',
  instead: ({ answer = [] }) => ({ answer: answer.map((each) => each.replace('CoreDNS-1.14.7', 'ferrydns-0.1.0')) }),
};
const authors: Deviation = { id: 'chaos-version', instead: { reply: 'NOERROR rd', answer: ['authors.bind. 0 CH TXT "the ferrydns contributors"'] } };

const chaosSteps: readonly Step[] = [
  'version.bind CH TXT',
  'VERSION.server CH TXT',
  'authors.bind CH TXT +edns',
  'version.bind CH A',
  'version.bind IN TXT',
  'other.bind CH TXT',
];

const others: readonly ParityCase[] = [
  {
    name: 'any',
    corefile: '.:{{PORT}} {\nany\nwhoami\n}\n',
    steps: ['www.example.org ANY', 'WWW.example.org ANY +tcp +do', 'www.example.org A', '. ANY'],
  },
  { name: 'any, twice', corefile: '.:{{PORT}} {\nany\nwhoami\nany\n}\n', steps: ['www.example.org ANY'] },
  ahead('minimal', 'minimal', all),
  ahead('minimal before a cache', 'minimal\ncache', [...all.slice(0, 3), ...all.slice(0, 3)]),
  { name: 'minimal and whoami', corefile: '.:{{PORT}} {\nminimal\nwhoami\n}\n', steps: ['www.example.org A', 'www.example.org A +do'] },
  ahead('header: replies', 'header {\nresponse set aa\nresponse clear ra rd\n}', [...all, 'many.test A +nord']),
  ahead('header: replies, set rd', 'header {\nresponse set rd\n}', ['many.test A +nord', 'many.test A']),
  ahead('header: queries', 'header {\nquery clear rd\n}', [rdOfClient('many.test A'), 'many.test A +nord']),
  ahead('header: queries, set', 'header {\nquery set rd\n}', ['many.test A', rdOfClient('many.test A +nord')]),
  ahead('header: the last one counts', 'header {\nresponse set aa ra\nresponse clear aa\nRESPONSE Clear RA\nresponse set ra\n}', all.slice(0, 2)),
  ahead('header: replies of a cache', 'header {\nresponse clear ra aa\n}\ncache', ['many.test A', 'many.test A']),
  ahead('header: RD of replies, through loadbalance', 'loadbalance\nheader {\nresponse clear rd\n}', ['many.test A', 'many.test A', 'gone.test A']),
  ahead('header: RD of replies, through new TTLs', 'rewrite ttl many.test 5\nheader {\nresponse clear rd\n}', ['many.test A', 'many.test A']),
  ahead('header: of two uses the first counts', 'header {\nresponse set aa\n}\nheader {\nresponse clear ra\n}', all.slice(0, 2)),
  sized('bufsize', ['big.test A', 'big.test A +size=4096', 'big.test A +size=700', 'big.test A +tcp +size=4096', 'big.test AAAA +size=4096 +do']),
  sized('bufsize 600', ['big.test A', 'big.test A +size=4096', 'big.test A +size=512', 'big.test A +tcp +size=4096']),
  sized('bufsize 4096', ['big.test A +size=4096', 'big.test A +size=5000', 'big.test A']),
  ahead('bufsize: what upstreams are offered', 'bufsize 800', ['many.test A +size=4096', 'many.test A +size=700', 'many.test A']),
  {
    name: 'bufsize: what log sees',
    corefile: '.:{{PORT}} {\nbufsize 1000\nlog . "sees {>bufsize} {size}"\nwhoami\n}\n',
    steps: ['a.test A +size=1232', 'a.test A +size=900', 'a.test A'],
    output: { keep: /sees/ },
  },
  {
    name: 'chaos',
    corefile: '.:{{PORT}} {\nchaos\nwhoami\n}\n',
    steps: [
      { ask: 'version.bind CH TXT', deviation: version },
      { ask: 'version.server CH TXT +edns', deviation: version },
      { ask: 'authors.bind CH TXT', deviation: authors },
      ...chaosSteps.slice(3),
    ],
  },
  { name: 'chaos: a version', corefile: '.:{{PORT}} {\nchaos Nobody-1\nwhoami\n}\n', steps: ['version.bind CH TXT', ...chaosSteps.slice(3)] },
  { name: 'chaos: a version and authors', corefile: '.:{{PORT}} {\nchaos "a version" me you me\nwhoami\n}\n', steps: chaosSteps },
  { name: 'chaos: a long version', corefile: `.:{{PORT}} {\nchaos ${'v'.repeat(300)}\nwhoami\n}\n`, steps: ['version.bind CH TXT +tcp'] },
  {
    name: 'chaos: its own zones',
    corefile: 'version.bind:{{PORT}} id.server:{{PORT}} {\nchaos 1 you\n}\n',
    steps: ['version.bind CH TXT', 'a.version.bind CH TXT', 'authors.bind CH TXT'],
  },
  {
    name: 'nsid',
    corefile: '.:{{PORT}} {\nnsid Use The Force\nwhoami\n}\n',
    steps: [
      'a.test A +do +option=3:',
      'a.test A +tcp +do +option=3:',
      'a.test A +edns',
      'a.test A',
      own('a.test A +option=3:'),
      'a.test A +do +option=3:ffee',
    ],
  },
  ahead('nsid: through a cache', 'nsid one\ncache', [hop('many.test A +do +option=3:'), 'many.test A +do +option=3:', 'many.test A +do']),
  ahead('nsid: a failure of the upstream', 'nsid one', [hop('fail.test A +do +option=3:')]),
  {
    name: 'cancel: answers in time pass',
    corefile: corefile`
      .:{{PORT}} {
          cancel 1s
          whoami
      }
    `,
    steps: ['a.test A'],
  },
];

const denial = { authority: ['test 20 SOA ns.test h.test 1 2 3 4 300'] };
const families: Script = {
  'four.test A': ['four.test 300 A 192.0.2.33', 'four.test 300 A 198.51.100.7'],
  'four.test AAAA': denial,
  'plain.test A': ['plain.test 900 A 192.0.2.1'],
  'plain.test AAAA': {},
  'six.test A': ['six.test 300 A 192.0.2.33'],
  'six.test AAAA': ['six.test 300 AAAA 2001:db8::1'],
  'gone.test *': { rcode: 'NXDOMAIN', ...denial },
  'none.test *': denial,
  'alias.test A': {
    answer: ['alias.test 300 CNAME four.test', 'four.test 30 A 192.0.2.33'],
    authority: ['test 300 NS ns.test'],
    additional: ['ns.test 300 A 192.0.2.9'],
  },
  'alias.test AAAA': { answer: ['alias.test 300 CNAME four.test'], ...denial },
  'fails.test AAAA': 'SERVFAIL',
  'fails.test A': ['fails.test 300 A 192.0.2.33'],
  'broken.test *': 'SERVFAIL',
};
const familySteps = ['four', 'plain', 'six', 'gone', 'none', 'alias', 'fails'].map((label) => `${label}.test AAAA`);

function synthesis(name: string, lines: string, steps: readonly Step[]): ParityCase {
  return { name: `dns64: ${name}`, corefile: `.:{{PORT}} {\n${lines}\nforward . {{UP1}}\n}\n`, upstreams: [families], steps };
}

const failed: AskStep = { ask: 'broken.test AAAA', deviation: { id: 'dns64-failure', instead: { reply: 'SERVFAIL rd ra' } } };
const optionTaken: AskStep = {
  ask: 'four.test AAAA',
  deviation: {
    id: 'dns64-options',
    instead: ({ asked = {} }) => ({
      reply: 'NOERROR rd',
      answer: ['four.test. 20 IN AAAA 64:1337::c000:221', 'four.test. 20 IN AAAA 64:1337::c633:6407'],
      authority: [],
      asked: { 1: ['udp four.test. IN A rd', ...(asked['1'] ?? [])] },
    }),
  },
};

const dns64: readonly ParityCase[] = [
  synthesis('over IPv4 it does nothing', 'dns64', ['four.test AAAA', 'four.test A']),
  synthesis('allow_ipv4', 'dns64 {\nallow_ipv4\n}', [...familySteps, failed, 'four.test A', 'four.test MX', spelled('FOUR.test AAAA +edns')]),
  synthesis('translate_all', 'dns64 {\nallow_ipv4\ntranslate_all\n}', familySteps),
  ...[32, 40, 48, 56, 64, 72, 96].map((length) =>
    synthesis(`a prefix of ${length} bits`, `dns64 {\nallow_ipv4\nprefix 2001:db8:100::/${length}\n}`, ['four.test AAAA']),
  ),
  synthesis('options behind a prefix', 'dns64 64:1337::/96 {\nallow_ipv4\n}', [optionTaken]),
  synthesis('with a cache and loadbalance', 'dns64 {\nallow_ipv4\n}\ncache\nloadbalance', [
    'alias.test AAAA',
    'alias.test AAAA',
    'alias.test A',
    'gone.test AAAA',
  ]),
  synthesis('with a rewrite', 'dns64 {\nallow_ipv4\n}\nrewrite name outside.test four.test', [
    {
      ask: 'outside.test AAAA',
      deviation: {
        id: 'question-restored',
        instead: ({ answer = [] }) => ({ question: 'outside.test. IN AAAA', answer: answer.map((each) => each.replace('four', 'outside')) }),
      },
    },
  ]),
  synthesis('metrics', 'dns64 {\nallow_ipv4\n}\nprometheus 127.0.0.1:{{HTTP}}', [
    'four.test AAAA',
    'six.test AAAA',
    'none.test AAAA',
    'four.test A',
    { http: '{{HTTP}}/metrics', keep: /^coredns_dns64_/ },
  ]),
];

const silent = (ask: string): AskStep => ({ ask, timeout: 300 });

const erratic: readonly ParityCase[] = [
  {
    name: 'erratic: drops every second',
    corefile: '.:{{PORT}} {\nerratic\n}\n',
    steps: [silent('a.test A'), 'a.test A', silent('a.test A'), 'A.test AAAA', silent('a.test MX'), 'a.test MX'],
  },
  {
    name: 'erratic: drops none',
    corefile: '.:{{PORT}} {\nerratic {\ndrop 0\n}\n}\n',
    steps: ['a.test A', 'a.test A +edns', 'a.test TXT', 'a.test A +tcp'],
  },
  {
    name: 'erratic: drops of three',
    corefile: '.:{{PORT}} {\nerratic {\ndrop 3\n}\n}\n',
    steps: [silent('a.test A'), 'a.test A', 'a.test A', silent('a.test A')],
  },
  { name: 'erratic: delays', corefile: '.:{{PORT}} {\nerratic {\ndelay 2 10ms\n}\n}\n', steps: ['a.test A', 'a.test A', 'a.test MX'] },
  {
    name: 'erratic: truncates',
    corefile: '.:{{PORT}} {\nerratic {\ntruncate 2\n}\n}\n',
    steps: [
      'a.test A',
      { ask: 'a.test A', deviation: { id: 'erratic-amounts', instead: { reply: 'NOERROR aa rd' } } },
      { ask: 'a.test A', deviation: { id: 'erratic-amounts', instead: { reply: 'NOERROR aa tc rd' } } },
      'a.test A',
    ],
  },
  {
    name: 'erratic: readiness',
    corefile: '.:{{PORT}} {\nready 127.0.0.1:{{HTTP}}\nerratic {\ndrop 0\n}\n}\n',
    steps: [{ http: '{{HTTP}}/ready' }, 'a.test A', 'a.test A', 'a.test A', { http: '{{HTTP}}/ready' }],
  },
];

export const cases: readonly ParityCase[] = [...acl, ...others, ...dns64, ...erratic];
