// forward: policies, except, several forwards, next, failover, transports, broken upstreams, resolv.conf, host names.
import { corefile, type ParityCase } from '../case.ts';
import type { Script } from '../../support/upstream.ts';

const answers = (address: string): Script => ({
  'gone.test *': 'NXDOMAIN',
  'fail.test *': 'SERVFAIL',
  'refused.test *': 'REFUSED',
  'nodata.test *': { authority: ['test 60 SOA ns.test h.test 1 2 3 4 5'] },
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
  'flags.test A': { flags: ['aa', 'ad', 'cd', 'z'], answer: ['flags.test 60 A 192.0.2.1'] },
  'closed.test A': { tcp: { close: 'instead' }, answer: ['closed.test 60 A 192.0.2.1'] },
  'ede.test A': { rcode: 'SERVFAIL', opt: { size: 1400, do: true, options: [{ code: 15, data: '0009' }, { code: 8, data: '00011800c00002' }] } },
  'garbage.test A': { raw: '.... 8180 0001 0001 0000 0000 ffff' },
  'short.test A': { raw: '.... 81' },
};

export const cases: readonly ParityCase[] = [
  {
    name: 'what reaches the upstream and comes back',
    corefile: simple,
    upstreams: [{ ...broken, ...one }],
    steps: [
      'www.test A', 'WwW.TeSt A', 'www.test A +tcp', 'www.test A +nord', 'www.test A +cd', 'www.test A +ad', 'www.test A +aa +z', 'www.test A +do', 'www.test A +size=512', 'www.test A +size=65535',
      'www.test A +option=8:00011800c00002', 'www.test A +option=65001:abcd', 'gone.test A', 'fail.test A', 'refused.test A', 'nodata.test A', 'big.test A', 'big.test A +tcp', 'www.test TYPE999',
      'case.test A', 'flags.test A', 'ede.test A +edns', 'ede.test A', 'badvers.test A +edns', '. NS', 'www.test ANY', 'www.test AXFR +tcp',
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
    steps: ['question.test A', 'type.test A', 'noquestion.test A', 'thenright.test A', { ask: 'badid.test A', timeout: 8000 }],
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
    steps: ['www.example.org A', 'example.org A', 'sub.example.org A', 'x.sub.example.org A', 'xsub.example.org A', 'other.test A', 'X.OTHER.example.org A', 'badexample.org A'],
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
    name: 'sequential takes the first that is alive',
    corefile: corefile`
      .:{{PORT}} {
          forward . 127.0.0.1:1 {{UP1}} {{UP2}} {
              policy sequential
          }
      }
    `,
    upstreams: [one, two],
    steps: ['a.test A', 'b.test A', 'c.test A +tcp', { upstream: 1, on: false }, 'd.test A', { upstream: 1, on: true }, { ask: 'e.test A', until: /192\.0\.2\.1/ }],
  },
  {
    name: 'round robin',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {{UP2}} {
              policy round_robin
          }
      }
    `,
    upstreams: [one, two],
    steps: [{ tally: 'a.test A', of: 'upstream', times: 20 }],
  },
  {
    name: 'random',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {{UP2}}
      }
    `,
    upstreams: [one, two],
    steps: [{ tally: 'a.test A', of: 'upstream' }],
  },
  {
    name: 'all upstreams dead',
    corefile: corefile`
      .:{{PORT}} {
          errors
          forward . 127.0.0.1:1 127.0.0.2:1
      }
    `,
    steps: [{ ask: 'a.test A', timeout: 9000 }, { ask: 'a.test A +tcp +edns', timeout: 9000 }],
    output: { keep: /plugin\/errors/, mask: [[/(2 a\.test\. A: ).*/, '$1…']] },
  },
  {
    name: 'a silent upstream beside a live one',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {{UP2}} {
              policy sequential
              read_timeout 200ms
          }
      }
    `,
    upstreams: [{ '* *': { drop: true } }, two],
    steps: [{ ask: 'a.test A', timeout: 9000 }],
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
    name: 'next goes on to the following forward',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              next NXDOMAIN SERVFAIL
          }
          forward . {{UP2}}
      }
    `,
    upstreams: [one, { ...two, 'gone.test *': ['gone.test 60 A 192.0.2.22'], 'fail.test *': ['fail.test 60 A 192.0.2.22'] }],
    steps: ['a.test A', 'gone.test A', 'fail.test A', 'refused.test A', 'nodata.test A', 'gone.test A +tcp'],
  },
  {
    name: 'next_on_nodata',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              next_on_nodata
          }
          forward . {{UP2}}
      }
    `,
    upstreams: [one, { ...two, 'nodata.test *': ['nodata.test 60 A 192.0.2.22'] }],
    steps: ['nodata.test A', 'gone.test A', 'a.test A'],
  },
  {
    name: 'next where the following plugin is no forward',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              next NXDOMAIN
          }
          whoami
      }
    `,
    upstreams: [one],
    steps: ['gone.test A', 'a.test A'],
  },
  {
    name: 'failover tries the other upstreams',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {{UP2}} {
              policy sequential
              failover SERVFAIL REFUSED
          }
      }
    `,
    upstreams: [one, { ...two, 'fail.test *': ['fail.test 60 A 192.0.2.22'] }],
    steps: ['fail.test A', 'refused.test A', 'gone.test A', 'a.test A'],
  },
  {
    name: 'max_concurrent refuses what is too much',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              max_concurrent 2
          }
      }
    `,
    upstreams: [{ '* A': ({ message }) => ({ delay: 400, answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }) }],
    steps: [{ together: ['a.test A', 'a.test A', 'a.test A', 'a.test A'] }, 'b.test A'],
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
  {
    name: 'an upstream that closes TCP connections',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'after.test A': { answer: ['after.test 60 A 192.0.2.1'], tcp: { close: 'after' } }, ...one }],
    steps: ['after.test A +tcp', 'after.test A +tcp', 'a.test A +tcp'],
  },
  {
    name: 'health_check with its options, and max_fails 0',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              health_check 1s no_rec domain health.test
              max_fails 0
              expire 5s
              max_connect_attempts 3
              max_idle_conns 2
              max_age 30s
          }
      }
    `,
    upstreams: [one],
    steps: ['a.test A'],
  },
];
