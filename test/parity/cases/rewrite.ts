// rewrite: names with five matchers and the answer rules, type, class, ttl, rcode, cname, edns0, stop and continue.

import type { Script } from '../../support/upstream.ts';
import { type AskStep, corefile, type ParityCase, type Step, spelled } from '../case.ts';

/** Answers every address question with a chain, so that owners and values can be seen to be rewritten. */
const echo: Script = {
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 A 192.0.2.1`] }),
  '* AAAA': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 AAAA 2001:db8::1`] }),
  '* CNAME': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 CNAME target.${message.questions[0]?.name}`] }),
  '* MX': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 MX 10 mail.${message.questions[0]?.name}`] }),
  '* SRV': ({ message }) => ({
    answer: [`${message.questions[0]?.name} 300 SRV 1 2 80 ${message.questions[0]?.name}`],
    additional: [`${message.questions[0]?.name} 300 A 192.0.2.1`],
  }),
  '* NS': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 NS ns.${message.questions[0]?.name}`] }),
  '* PTR': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 PTR host.inside.test`] }),
  '* TXT': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 TXT "${message.questions[0]?.name}"`] }),
  '* *': ({ message }) => ({
    rcode: 'NXDOMAIN',
    authority: [`${message.questions[0]?.name} 300 SOA ns.${message.questions[0]?.name} h.test 1 2 3 4 300`],
  }),
};

/** A case whose block is the given rewrite lines in front of a forward. */
function rewrite(name: string, lines: string, steps: ParityCaseSteps, script: Script = echo): ParityCase {
  return { name, corefile: `.:{{PORT}} {\n${lines}\nforward . {{UP1}}\n}\n`, upstreams: [script], steps, order: 'exact' };
}
type ParityCaseSteps = readonly Step[];

/** The client used no EDNS, so ferrydns answers it without; and an upstream is offered 1232 octets at most. */
function plain(ask: string, asked: string): AskStep {
  return { ask, deviation: { id: 'opt-unasked', instead: { opt: 'none', asked: { 1: [asked] } } } };
}

const chain: Script = {
  'www.inside.test A': {
    answer: ['www.inside.test 300 CNAME web.inside.test', 'web.inside.test 300 CNAME edge.cdn.test', 'edge.cdn.test 60 A 192.0.2.7'],
    authority: ['inside.test 300 NS ns.inside.test'],
    additional: ['ns.inside.test 300 A 192.0.2.53'],
  },
  ...echo,
};

export const cases: readonly ParityCase[] = [
  rewrite('name exact', 'rewrite name www.outside.test www.inside.test', [
    'www.outside.test A',
    spelled('WWW.Outside.Test A'),
    'www.outside.test AAAA',
    'www.outside.test SRV',
    'www.outside.test MX',
    'www.outside.test TXT',
    'www.outside.test HINFO',
    'a.www.outside.test A',
    'outside.test A',
    'www.outside.test A +tcp',
    'www.outside.test A +do',
  ]),
  rewrite('name exact through a chain of aliases', 'rewrite name exact www.outside.test www.inside.test', ['www.outside.test A'], chain),
  rewrite('name prefix', 'rewrite name prefix foo bar', ['foo.example.test A', 'foobar.example.test A', 'a.foo.example.test A', 'foo A']),
  rewrite('name prefix with answer auto', 'rewrite name prefix foo bar answer auto', [
    'foo.example.test A',
    spelled('Foo.Example.test SRV'),
    'foo.example.test MX',
  ]),
  rewrite('name suffix', 'rewrite name suffix outside.test inside.test', [
    'www.outside.test A',
    'myoutside.test A',
    'outside.test A',
    'www.outside.test.example A',
    'www.OUTSIDE.test A',
  ]),
  rewrite('name suffix with a leading dot', 'rewrite name suffix .outside.test .inside.test', [
    'www.outside.test A',
    'outside.test A',
    'a.b.outside.test A',
  ]),
  rewrite(
    'name suffix with answer auto',
    'rewrite name suffix .outside.test .inside.test answer auto',
    [
      'www.outside.test A',
      'www.outside.test SRV',
      {
        ask: 'Www.Outside.test MX',
        deviation: { id: 'owner-case', instead: { answer: ['Www.Outside.test. 300 IN MX 10 mail.Www.Outside.test.'] } },
      },
      'www.outside.test HINFO',
      'www.outside.test NS',
    ],
    chain,
  ),
  rewrite('name substring', 'rewrite name substring svc service', [
    'a.svc.example.test A',
    'asvc.example.test A',
    'svcs.example.test A',
    'a.svc A',
    'svc.svc.test A',
  ]),
  rewrite('name substring with answer auto', 'rewrite name substring svc service answer auto', ['a.svc.example.test SRV', 'a.svc.example.test A']),
  rewrite('name regex', 'rewrite name regex (.*)\\.outside\\.test\\.$ {1}.inside.test', [
    'www.outside.test A',
    'a.b.outside.test A',
    'outside.test A',
    'WWW.outside.test A',
  ]),
  rewrite('name regex without anchors', 'rewrite name regex out(.)ide in{1}ide', ['www.outside.test A', 'outzide.test A']),
  rewrite('name regex with the whole match', 'rewrite name regex ^(www).*$ {0}.suffix.test', ['www.example.test A', 'x.www.test A']),
  rewrite(
    'name regex with answer name',
    'rewrite stop {\nname regex (.*)-(us-west-1)\\.coredns\\.test {1}.service.{2}.consul\nanswer name (.*)\\.service\\.(us-west-1)\\.consul {1}-{2}.coredns.test\n}',
    ['ftp-us-west-1.coredns.test A', 'ftp-us-west-1.coredns.test SRV', spelled('Ftp-US-west-1.coredns.test AAAA'), 'other.coredns.test A'],
  ),
  rewrite(
    'name regex with answer name and answer value',
    'rewrite stop {\nname regex (.*)\\.outside\\.test {1}.inside.test\nanswer name (.*)\\.inside\\.test {1}.outside.test\nanswer value (.*)\\.inside\\.test {1}.outside.test\n}',
    ['www.outside.test SRV', 'www.outside.test MX', 'www.outside.test CNAME', 'www.outside.test A', 'www.outside.test NS', 'www.outside.test PTR'],
    chain,
  ),
  rewrite(
    'answer value alone, on one line',
    'rewrite stop name suffix .outside.test .inside.test answer value (.*)\\.inside\\.test {1}.outside.test',
    ['www.outside.test SRV', 'www.outside.test MX'],
  ),
  rewrite('regex with answer auto', 'rewrite name regex ^(.*)\\.outside\\.test\\.$ {1}.inside.test answer auto', [
    'www.outside.test SRV',
    'www.outside.test A',
  ]),
  rewrite(
    'continue: the next rule sees the changed name',
    'rewrite continue name one.test two.test\nrewrite continue name two.test three.test\nrewrite name three.test four.test',
    ['one.test A', 'two.test A', 'three.test A', spelled('ONE.test SRV')],
  ),
  rewrite('stop: the rules after it are not tried', 'rewrite name one.test two.test\nrewrite name two.test three.test', ['one.test A', 'two.test A']),
  rewrite(
    'continue with suffixes and automatic answers',
    'rewrite continue name suffix .a.test .b.test answer auto\nrewrite continue name suffix .b.test .c.test answer auto',
    ['www.a.test A', 'www.a.test SRV', 'www.b.test A'],
  ),
  rewrite('type and class', 'rewrite type ANY HINFO\nrewrite stop type MX TXT\nrewrite class CH IN', [
    'example.test ANY',
    'example.test MX',
    'example.test CH A',
    'example.test A',
  ]),
  rewrite('continue type', 'rewrite continue type AAAA A\nrewrite name from.test to.test', [
    { ask: 'example.test AAAA', deviation: { id: 'question-restored', instead: { question: 'example.test. IN AAAA' } } },
    'from.test AAAA',
  ]),
  rewrite(
    'ttl',
    'rewrite continue ttl fixed.test 5\nrewrite continue ttl prefix short 10-20\nrewrite continue ttl suffix .min.test 400-\nrewrite continue ttl regex ^max.*$ -100\nrewrite ttl substring zero 0',
    ['fixed.test A', 'FIXED.test SRV', 'short.example.test A', 'www.min.test A', 'max.example.test A', 'a.zero.test A', 'other.test A'],
  ),
  rewrite('ttl of all sections', 'rewrite ttl www.inside.test 30-90', ['www.inside.test A', 'www.inside.test A +edns'], chain),
  rewrite(
    'rcode',
    'rewrite continue rcode exact gone.test NXDOMAIN NOERROR\nrewrite continue rcode suffix .fail.test SERVFAIL NXDOMAIN\nrewrite rcode regex ^ref.*$ REFUSED 0',
    ['gone.test A', 'www.fail.test A', 'ref.test A', 'fine.test A'],
    { 'gone.test *': 'NXDOMAIN', '*.fail.test *': 'SERVFAIL', 'ref.test *': 'REFUSED', ...echo },
  ),
  rewrite('cname', 'rewrite cname exact web.inside.test. new.test.', ['www.inside.test A', 'other.test A'], chain),
  rewrite('cname suffix and the rest', 'rewrite cname suffix .cdn.test .own.test', ['www.inside.test A', 'x.cdn.test CNAME'], chain),
  rewrite('a name that grows beyond 255 bytes', `rewrite name suffix .x.test .${'y'.repeat(60)}.test`, [
    `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.x.test A`,
    'a.x.test A',
  ]),
  rewrite('edns0 local set with text and hex', 'rewrite continue edns0 local set 0xffee abcdefgh\nrewrite edns0 local append 65519 0x0102', [
    plain('example.test A', 'udp example.test. IN A rd, opt 1232 65518:6162636465666768 65519:0102'),
    {
      ask: 'example.test A +size=1400 +do',
      deviation: {
        id: 'upstream-edns-size',
        instead: { asked: { 1: ['udp example.test. IN A rd, opt 1232 do 65518:6162636465666768 65519:0102'] } },
      },
    },
    'example.test A +option=65518:ff',
    {
      ask: 'example.test A +option=65519:ff',
      deviation: {
        id: 'hop-by-hop-options',
        instead: { asked: { 1: ['udp example.test. IN A rd, opt 1232 65518:6162636465666768 65519:0102'] } },
      },
    },
  ]),
  rewrite('edns0 local replace and unset', 'rewrite continue edns0 local replace 0xffee new\nrewrite edns0 local unset 0xffed', [
    plain('example.test A', 'udp example.test. IN A rd, opt 1232'),
    'example.test A +option=65518:ff',
    'example.test A +option=65517:ff',
  ]),
  rewrite(
    'edns0 local variables',
    ['qname 0xff01', 'qtype 0xff02', 'client_ip 0xff03', 'client_port 0xff04', 'protocol 0xff05', 'server_ip 0xff06', 'server_port 0xff07']
      .map((pair) => pair.split(' '))
      .map(([variable, code], index) => `rewrite ${index === 6 ? 'stop' : 'continue'} edns0 local set ${code} {${variable}}`)
      .slice(0, 6)
      .join('\n'),
    [
      plain(
        'Example.test A',
        'udp Example.test. IN A rd, opt 1232 65281:4578616d706c652e746573742e 65282:0001 65283:7f000001 65284:{{CLIENT}} 65285:756470 65286:7f000001',
      ),
      plain(
        'example.test AAAA +tcp',
        'tcp example.test. IN AAAA rd, opt 1232 65281:6578616d706c652e746573742e 65282:001c 65283:7f000001 65284:{{CLIENT}} 65285:746370 65286:7f000001',
      ),
    ],
  ),
  rewrite('edns0 subnet and nsid', 'rewrite continue edns0 subnet set 24 56\nrewrite edns0 nsid set', [
    plain('example.test A', 'udp example.test. IN A rd, opt 1232 8:000118007f0000 3:'),
    'example.test A +option=8:00011800c00002',
    'example.test A +do +size=512',
  ]),
  rewrite('edns0 subnet append and replace', 'rewrite continue edns0 subnet append 16 56\nrewrite edns0 nsid replace', [
    plain('example.test A', 'udp example.test. IN A rd, opt 1232 8:000110007f00'),
    'example.test A +option=8:00011800c00002',
    'example.test A +option=3:',
  ]),
  rewrite('edns0 subnet unset', 'rewrite edns0 subnet unset', [
    plain('example.test A', 'udp example.test. IN A rd, opt 1232'),
    'example.test A +option=8:00011800c00002',
  ]),
  rewrite(
    'edns0 local with revert',
    'rewrite edns0 local set 0xffee abcd revert',
    [
      plain('example.test A', 'udp example.test. IN A rd, opt 1232 65518:61626364'),
      'example.test A +edns',
      { ask: 'example.test A +option=65518:ff', deviation: { id: 'edns-options', instead: { opt: 'version 0, size 1232' } } },
    ],
    {
      '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 A 192.0.2.1`], opt: message.opt ?? false }),
    },
  ),
  rewrite(
    'edns0 local without revert, and an upstream that echoes',
    'rewrite edns0 local set 0xffee abcd',
    [
      plain('example.test A', 'udp example.test. IN A rd, opt 1232 65518:61626364'),
      { ask: 'example.test A +edns', deviation: { id: 'hop-by-hop-options', instead: { opt: 'version 0, size 1232' } } },
    ],
    {
      '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 300 A 192.0.2.1`], opt: message.opt ?? false }),
    },
  ),
  rewrite('the answer of a refused and of a silent rest', 'rewrite name refused.test inside.test', ['refused.test A'], {
    'inside.test *': 'REFUSED',
  }),
  {
    name: 'rewrite in front of hosts, with no forward',
    files: { hosts: '192.0.2.1 www.inside.test\n' },
    corefile: corefile`
      .:{{PORT}} {
          rewrite name suffix .outside.test .inside.test answer auto
          hosts {{DIR}}/hosts
      }
    `,
    steps: ['www.outside.test A', spelled('WWW.Outside.test A'), 'missing.outside.test A', 'www.outside.test TXT', 'www.inside.test A'],
  },
  {
    name: 'rewritten queries share one cache entry',
    corefile: corefile`
      .:{{PORT}} {
          rewrite name a.test c.test
          rewrite name b.test c.test
          cache
          forward . {{UP1}}
      }
    `,
    upstreams: [echo],
    steps: ['a.test A', 'b.test A', 'c.test A', spelled('A.test A')],
  },
];
