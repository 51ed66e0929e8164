// forward: policies, except, several forwards, next, failover, transports, broken upstreams, resolv.conf, host names.

import type { Script } from '../../support/upstream.ts';
import { type AskStep, corefile, type ParityCase } from '../case.ts';

const answers = (address: string): Script => ({
  'gone.test *': 'NXDOMAIN',
  'fail.test *': 'SERVFAIL',
  'refused.test *': 'REFUSED',
  'nodata.test *': { authority: ['test 60 SOA ns.test h.test 1 2 3 4 300'] },
  'big.test A': { truncate: true, answer: [`big.test 60 A ${address}`] },
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A ${address}`] }),
  '* *': {},
});
const [one, two] = [answers('192.0.2.1'), answers('192.0.2.2')];
const simple = corefile`
  .:{{PORT}} {
      errors
      forward . {{UP1}}
  }
`;
const broken: Script = {
  'badid.test A': { idOffset: 7, answer: ['badid.test 60 A 192.0.2.66'] },
  'thenright.test A': { before: [{ idOffset: 7, answer: ['thenright.test 60 A 192.0.2.66'] }], answer: ['thenright.test 60 A 192.0.2.1'] },
  'question.test A': { questions: [{ name: 'other.test.', type: 'A', class: 'IN' }], answer: ['other.test 60 A 192.0.2.66'] },
  'type.test A': { questions: [{ name: 'type.test.', type: 'AAAA', class: 'IN' }] },
  'case.test A': { questions: [{ name: 'CASE.test.', type: 'A', class: 'IN' }], answer: ['CASE.test 60 A 192.0.2.1'] },
  'noquestion.test A': { questions: [], answer: ['noquestion.test 60 A 192.0.2.1'] },
  'badvers.test A': { rcode: 'BADVERS', opt: { size: 1232 } },
  'twice.test A': { answer: ['twice.test 60 A 192.0.2.1', 'twice.test 60 A 192.0.2.1', 'twice.test 60 A 192.0.2.2'] },
  'flags.test A': { flags: ['aa', 'ad', 'cd', 'z'], answer: ['flags.test 60 A 192.0.2.1'] },
  'closed.test A': { tcp: { close: 'instead' }, answer: ['closed.test 60 A 192.0.2.1'] },
  'ede.test A': {
    rcode: 'SERVFAIL',
    opt: {
      size: 1400,
      do: true,
      options: [
        { code: 15, data: '0009' },
        { code: 8, data: '00011800c00002' },
      ],
    },
  },
  'garbage.test A': { raw: '.... 8180 0001 0001 0000 0000 ffff' },
  'short.test A': { raw: '.... 81' },
};

/** A reply to another question is no reply: it is waited on for the right one, and the next attempt is made. */
const mismatch = (name: string): AskStep => ({
  ask: `${name} A`,
  timeout: 8000,
  deviation: { id: 'upstream-question', instead: { reply: 'SERVFAIL rd', asked: { 1: [`udp ${name}. IN A rd`, `udp ${name}. IN A rd`] } } },
});

export const cases: readonly ParityCase[] = [
  {
    name: 'what reaches the upstream and comes back',
    corefile: simple,
    upstreams: [{ ...broken, ...one }],
    steps: [
      'www.test A',
      'WwW.TeSt A',
      'www.test A +tcp',
      'www.test A +nord',
      'www.test A +cd',
      'www.test A +ad',
      { ask: 'www.test A +aa +z', deviation: { id: 'query-flags', instead: { asked: { 1: ['udp www.test. IN A rd'] } } } },
      'www.test A +do',
      'www.test A +size=512',
      { ask: 'www.test A +size=65535', deviation: { id: 'upstream-edns-size', instead: { asked: { 1: ['udp www.test. IN A rd, opt 1232'] } } } },
      'www.test A +option=8:00011800c00002',
      {
        ask: 'www.test A +option=65001:abcd',
        deviation: { id: 'hop-by-hop-options', instead: { asked: { 1: ['udp www.test. IN A rd, opt 1232'] } } },
      },
      'gone.test A',
      'fail.test A',
      'refused.test A',
      'nodata.test A',
      'big.test A',
      'big.test A +tcp',
      'www.test TYPE999',
      { ask: 'case.test A', deviation: { id: 'question-restored', instead: { question: 'case.test. IN A' } } },
      { ask: 'flags.test A', deviation: { id: 'upstream-flags', instead: { reply: 'NOERROR aa rd ad' } } },
      {
        ask: 'ede.test A +edns',
        deviation: { id: 'unasked-options', instead: { opt: 'version 0, size 1232, option 15:0009' } },
      },
      { ask: 'ede.test A', deviation: { id: 'opt-unasked', instead: { opt: 'none' } } },
      {
        ask: 'badvers.test A +edns',
        deviation: { id: 'edns-fallback', instead: { asked: { 1: ['udp badvers.test. IN A rd', 'udp badvers.test. IN A rd, opt 1232'] } } },
      },
      {
        ask: 'twice.test A',
        deviation: { id: 'record-twice', instead: { answer: ['twice.test. 60 IN A 192.0.2.1', 'twice.test. 60 IN A 192.0.2.2'] } },
      },
      '. NS',
      'www.test ANY',
      { ask: 'www.test AXFR +tcp', deviation: { id: 'zone-transfer', instead: { reply: 'REFUSED rd', asked: {} } } },
    ],
  },
  {
    name: 'replies that do not fit the question',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              read_timeout 300ms
          }
      }
    `,
    upstreams: [broken],
    steps: [
      mismatch('question.test'),
      mismatch('type.test'),
      mismatch('noquestion.test'),
      'thenright.test A',
      { ask: 'badid.test A', timeout: 8000 },
    ],
  },
  {
    name: 'two zones, one after the other, with exceptions',
    corefile: corefile`
      .:{{PORT}} {
          forward example.org {{UP1}} {
              except sub.example.org other.example.org
          }
          forward . {{UP2}}
      }
    `,
    upstreams: [one, two],
    steps: [
      'www.example.org A',
      'example.org A',
      'sub.example.org A',
      'x.sub.example.org A',
      'xsub.example.org A',
      'other.test A',
      'X.OTHER.example.org A',
      'badexample.org A',
    ],
  },
  {
    name: 'no forward for the name',
    corefile: corefile`
      .:{{PORT}} {
          forward example.org {{UP1}}
      }
    `,
    upstreams: [one],
    steps: ['www.example.org A', 'www.example.com A'],
  },
  {
    name: 'force_tcp',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              force_tcp
          }
      }
    `,
    upstreams: [one],
    steps: ['a.test A', 'a.test A +tcp', 'big.test A'],
  },
  {
    name: 'prefer_udp',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              prefer_udp
          }
      }
    `,
    upstreams: [one],
    steps: ['a.test A', 'a.test A +tcp', 'big.test A', 'big.test A +tcp'],
  },
  {
    name: 'force_tcp and prefer_udp together',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              force_tcp
              prefer_udp
          }
      }
    `,
    upstreams: [one],
    steps: ['a.test A', 'a.test A +tcp'],
  },
  {
    name: 'hosts with a name, in front of a forward',
    files: { hosts: '192.0.2.9 local.test\n' },
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts {
              fallthrough
          }
          forward . dns://{{UP1}}
      }
    `,
    upstreams: [one],
    steps: ['local.test A', 'a.test A'],
  },
];
