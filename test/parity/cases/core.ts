// The core around the chain: EDNS, size and truncation, classes, opcodes, broken headers, routing by zone.
import { corefile, type ParityCase, spelled } from '../case.ts';

const whoami = corefile`
  .:{{PORT}} {
      whoami
  }
`;
const hosts = corefile`
  example.org:{{PORT}} {
      hosts {{DIR}}/hosts
  }
`;
const addresses = (name: string, count: number): string => Array.from({ length: count }, (_, index) => `192.0.2.${index + 1} ${name}`).join('\n');

export const cases: readonly ParityCase[] = [
  {
    name: 'EDNS: the OPT of the reply carries the size and DO of the client, and few options',
    corefile: whoami,
    steps: [
      'example.org A +edns',
      'example.org A +size=4096',
      'example.org A +size=512 +do',
      'example.org A +size=0',
      'example.org A +size=65535 +tcp',
      'example.org A +option=8:00011800c00002',
      { ask: 'example.org A +option=3:', deviation: { id: 'edns-options', instead: { opt: 'version 0, size 1232' } } },
      { ask: 'example.org A +option=9:', deviation: { id: 'edns-options', instead: { opt: 'version 0, size 1232' } } },
      { ask: 'example.org A +option=12:0000000000', deviation: { id: 'edns-options', instead: { opt: 'version 0, size 1232' } } },
      'example.org A +option=15:0012',
      'example.org A +option=65001:abcd',
      { ask: 'example.org A +option=11: +tcp', deviation: { id: 'edns-options', instead: { opt: 'version 0, size 1232' } } },
      { ask: 'example.org A +version=1', deviation: { id: 'badvers-size', instead: { opt: 'version 0, size 1232' } } },
      { ask: 'example.org A +version=255 +do +size=4096', deviation: { id: 'badvers-size', instead: { opt: 'version 0, size 4096, do' } } },
      { ask: 'example.org A +version=1 +tcp', deviation: { id: 'badvers-size', instead: { opt: 'version 0, size 1232' } } },
      { ask: 'example.org A +option=10:0123456789abcdef', deviation: { id: 'cookie', instead: { opt: 'version 0, size 1232' } } },
    ],
  },
  {
    name: 'opcodes and classes other than QUERY and IN',
    corefile: whoami,
    steps: [
      'example.org A +opcode=1',
      'example.org A +opcode=2',
      { ask: 'example.org SOA +opcode=4', deviation: { id: 'notify', instead: { reply: 'REFUSED rd', question: 'none', additional: [] } } },
      'example.org SOA +opcode=5',
      'example.org A +opcode=15',
      'example.org A +opcode=2 +tcp',
      'version.bind CH TXT',
      'example.org CH A +edns',
      'example.org HS A',
      'example.org NONE A',
      'example.org CLASS255 A',
      'example.org CLASS0 A',
    ],
  },
  {
    name: 'class CH where forward is on the listener',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'version.bind TXT': { rcode: 'NOERROR', answer: ['version.bind 0 CH TXT "upstream"'] } }],
    steps: ['version.bind CH TXT', 'version.bind HS TXT'].map((ask) => ({
      ask,
      deviation: { id: 'other-classes', instead: { reply: 'REFUSED rd', answer: [], asked: {} } },
    })),
  },
  {
    name: 'broken messages',
    corefile: whoami,
    steps: [
      { note: 'eleven bytes', raw: 'abcd 0100 0001 0000 0000 00', timeout: 300 },
      { note: 'header only, no question', raw: 'abcd 0100 0000 0000 0000 0000' },
      {
        note: 'header only with RD CD AD TC set',
        raw: 'abcd 0330 0000 0000 0000 0000',
        deviation: { id: 'hostile-messages', instead: { reply: 'FORMERR rd' } },
      },
      { note: 'a reply instead of a query', raw: 'abcd 8100 0001 0000 0000 0000 00 0001 0001', timeout: 300 },
      { note: 'two questions', raw: 'abcd 0100 0002 0000 0000 0000 0161 00 0001 0001 0162 00 0001 0001' },
      { note: 'two answers promised', raw: 'abcd 0100 0001 0002 0000 0000 0161 00 0001 0001' },
      { note: 'two authorities promised', raw: 'abcd 0100 0001 0000 0002 0000 0161 00 0001 0001' },
      { note: 'three additionals promised', raw: 'abcd 0100 0001 0000 0000 0003 0161 00 0001 0001' },
      { note: 'opcode 6 without a question', raw: 'abcd 3100 0000 0000 0000 0000' },
      { note: 'a label that runs past the end', raw: 'abcd 0100 0001 0000 0000 0000 0561' },
      {
        note: 'a question without a class',
        raw: 'abcd 0100 0001 0000 0000 0000 0161 00 0001',
        deviation: { id: 'hostile-messages', instead: { reply: 'FORMERR rd', question: 'none' } },
      },
      { note: 'a compression loop', raw: 'abcd 0100 0001 0000 0000 0000 c00c 0001 0001' },
      { note: 'two questions over TCP', raw: 'abcd 0100 0002 0000 0000 0000 0161 00 0001 0001 0162 00 0001 0001', transport: 'tcp' },
      { note: 'bytes after the message', raw: 'abcd 0100 0001 0000 0000 0000 0161 00 0001 0001 ffff' },
      { note: 'all counts are 65535', raw: 'abcd 0100 ffff ffff ffff ffff' },
      {
        note: 'an EDNS option that runs past the end',
        raw: 'abcd 0100 0001 0000 0000 0001 0161 00 0001 0001 00 0029 04d0 00000000 0004 000a 0008',
        deviation: { id: 'hostile-messages', instead: { question: 'none' } },
      },
      ...(
        [
          ['of an unknown family', '000b 0008 0007 0003 18 00 c00002', true],
          ['with a prefix longer than an address', '000d 0008 0009 0001 21 00 c000020100', true],
          ['with a scope longer than an address', '000b 0008 0007 0001 18 21 c00002', true],
          ['that is cut off', '0007 0008 0003 0001 18', true],
          ['with bits behind its prefix', '000b 0008 0007 0001 17 00 c00003', false],
          ['without an address', '0008 0008 0004 0000 00 00', false],
        ] as const
      ).map(([what, option, isBroken]) => ({
        note: `a client subnet ${what}`,
        raw: `abcd 0100 0001 0000 0000 0001 0161 00 0001 0001 00 0029 04d0 00000000 ${option}`,
        ...(isBroken ? { deviation: { id: 'hostile-messages', instead: { question: 'none' } } } : {}),
      })),
    ],
  },
  {
    name: 'a long UDP answer is cut to what the client takes',
    corefile: hosts,
    files: { hosts: `${addresses('many.example.org', 60)}\n${addresses('some.example.org', 25)}\n${addresses('huge.example.org', 250)}\n` },
    steps: [
      'many.example.org A',
      'many.example.org A +edns',
      'many.example.org A +size=4096',
      'many.example.org A +size=100',
      'many.example.org A +tcp',
      'some.example.org A',
      'some.example.org A +size=512',
      'huge.example.org A +size=4096',
      'huge.example.org A +tcp',
      'some.example.org A +size=512 +do',
    ],
  },
  {
    name: 'the zone with the longest suffix of labels answers',
    corefile: corefile`
      org:{{PORT}} {
          hosts {{DIR}}/org
      }
      example.org:{{PORT}} {
          hosts {{DIR}}/example
      }
      deep.sub.example.org:{{PORT}} other.test:{{PORT}} {
          hosts {{DIR}}/deep
      }
    `,
    files: {
      org: '192.0.2.1 www.org a.example.org www.badexample.org\n',
      example: '192.0.2.2 a.example.org sub.example.org x.deep.sub.example.org example.org\n',
      deep: '192.0.2.3 deep.sub.example.org x.deep.sub.example.org www.other.test\n',
    },
    steps: [
      'www.org A',
      'a.example.org A',
      spelled('A.EXAMPLE.ORG A'),
      'www.badexample.org A',
      'sub.example.org A',
      'deep.sub.example.org A',
      'x.deep.sub.example.org A',
      'example.org A',
      'www.other.test A',
      'example.com A',
      'example.com A +edns',
      '. NS',
      'org A',
      'com A +tcp',
      'missing.example.org A',
    ],
  },
  {
    name: 'a DS query goes to the block of the parent zone',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}}
      }
      example.org:{{PORT}} {
          forward . {{UP2}}
      }
      sub.example.org:{{PORT}} {
          forward . {{UP3}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }, { '* *': 'NXDOMAIN' }, { '* *': 'NXDOMAIN' }],
    steps: ['sub.example.org DS', 'sub.example.org A', 'example.org DS', 'a.sub.example.org DS', 'com DS', 'example.org NS'],
  },
  {
    name: 'several ports, several keys, an empty block',
    corefile: corefile`
      one.test:{{PORT}}, two.test:{{PORT}},
      three.test:{{PORT2}} {
          whoami
      }
      empty.test:{{PORT}} {
      }
    `,
    steps: [
      'one.test A',
      'www.two.test A',
      'three.test A',
      { ask: 'three.test A', port: 'PORT2' },
      { ask: 'one.test A', port: 'PORT2' },
      'empty.test A',
      'www.empty.test A +edns',
    ],
  },
  {
    name: 'a chain that ends without an answer is SERVFAIL',
    corefile: corefile`
      .:{{PORT}} {
          errors
          cache
      }
    `,
    steps: ['example.org A', 'example.org A +edns'],
    output: { keep: /plugin\/errors/, mask: [[/127\.0\.0\.1:\d+/, 'ADDRESS']] },
  },
  {
    name: 'replies of an upstream with names that can be compressed',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}}
      }
    `,
    upstreams: [
      {
        'www.example.org A': {
          answer: ['www.example.org 60 CNAME a.very.long.alias.of.example.org', 'a.very.long.alias.of.example.org 60 A 192.0.2.1'],
          authority: ['example.org 60 NS ns1.example.org', 'example.org 60 NS ns2.example.org'],
          additional: ['ns1.example.org 60 A 192.0.2.53', 'ns2.example.org 60 AAAA 2001:db8::53'],
        },
        'many.example.org TXT': { answer: Array.from({ length: 12 }, (_, n) => `many.example.org 60 TXT "${'x'.repeat(40)}${n}"`) },
        'extra.example.org A': {
          answer: [1, 2, 3].map((n) => `extra.example.org 60 A 192.0.2.${n}`),
          additional: Array.from({ length: 26 }, (_, n) => `h${n}.example.org 60 A 192.0.2.${n}`),
        },
        'example.org TYPE65280': ['example.org 60 TYPE65280 \\# 4 deadbeef'],
        'example.org HTTPS': ['example.org 60 HTTPS \\# 3 000100'],
        'example.org SRV': ['example.org 60 SRV 1 2 3 Target.Example.ORG'],
        'example.org NAPTR': ['example.org 60 NAPTR 1 2 "u" "E2U+sip" "!^.*$!sip:x@example.org!" .'],
        'example.org CAA': ['example.org 60 CAA \\# 8 000569737375653b'],
        'example.org TXT': ['example.org 60 TXT "a\\"b" "" "c;d"'],
      },
    ],
    steps: [
      'www.example.org A',
      'www.example.org A +tcp',
      {
        ask: 'many.example.org TXT',
        deviation: {
          id: 'oversized-upstream-reply',
          instead: { answer: Array.from({ length: 8 }, (_, n) => `many.example.org. 60 IN TXT "${'x'.repeat(40)}${n}"`) },
        },
      },
      {
        ask: 'extra.example.org A',
        deviation: {
          id: 'additional-left-out',
          instead: {
            reply: 'NOERROR rd ra',
            answer: [1, 2, 3].map((n) => `extra.example.org. 60 IN A 192.0.2.${n}`),
            additional: Array.from({ length: 21 }, (_, n) => `h${n}.example.org. 60 IN A 192.0.2.${n}`),
          },
        },
      },
      'extra.example.org A +tcp',
      'many.example.org TXT +tcp',
      'many.example.org TXT +size=1232',
      'example.org TYPE65280',
      'example.org HTTPS',
      'example.org SRV',
      'example.org NAPTR',
      'example.org CAA',
      'example.org TXT',
    ],
  },
];
