// forward with several upstreams: policies, dead ones, next, failover, limits.

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
/** A question whose EDNS the upstream refuses: it is put again without. */
function without(asked: string): AskStep {
  const [name = ''] = asked.split(' ');
  const instead = {
    reply: 'NOERROR rd ra',
    answer: [`${name}. 60 IN A 192.0.2.1`],
    asked: { 1: [`udp ${name}. IN A rd, opt 1232`, `udp ${name}. IN A rd`] },
  };
  return { ask: asked, deviation: { id: 'edns-fallback', instead } };
}

export const cases: readonly ParityCase[] = [
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
    steps: [
      'a.test A',
      'b.test A',
      'c.test A +tcp',
      { upstream: 1, on: false },
      'd.test A',
      { upstream: 1, on: true },
      { ask: 'e.test A', until: /192\.0\.2\.1/ },
    ],
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
    steps: [
      { ask: 'a.test A', timeout: 9000 },
      { ask: 'a.test A +tcp +edns', timeout: 9000, deviation: { id: 'extended-errors', instead: { opt: 'version 0, size 1232, option 15:0017' } } },
    ],
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
    name: 'next where the following forward is for other names',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}} {
              next NXDOMAIN
          }
          forward corp.test {{UP2}}
      }
    `,
    upstreams: [{ '* *': { rcode: 'NXDOMAIN', authority: ['test 60 SOA ns.test h.test 1 2 3 4 5'] } }, { '* *': ['www.corp.test 60 A 192.0.2.22'] }],
    steps: [
      'www.corp.test A',
      {
        ask: 'www.test A',
        deviation: { id: 'next-scope', instead: { reply: 'NXDOMAIN rd ra', authority: ['test. 60 IN SOA ns.test. h.test. 1 2 3 4 5'] } },
      },
    ],
  },
  {
    name: 'an upstream that does not know EDNS',
    corefile: corefile`
      .:{{PORT}} {
          forward . {{UP1}}
      }
    `,
    upstreams: [
      {
        '* A': ({ message }) => {
          const name = message.questions[0]?.name ?? '';
          return message.opt === undefined
            ? { answer: [`${name} 60 A 192.0.2.1`] }
            : { rcode: /^notimp/.test(name) ? 'NOTIMP' : 'FORMERR', opt: false };
        },
      },
    ],
    steps: ['plain.test A', without('notimp.test A +edns'), 'plain.test A +tcp'],
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
  {
    name: 'an upstream by its name, found through a resolver',
    corefile: corefile`
      .:{{PORT}} {
          forward . up.test:{{UP2_PORT}} {
              resolver {{UP1}}
          }
      }
    `,
    upstreams: [{ 'up.test A': ['up.test 60 A 127.0.0.1'], 'up.test *': {} }, two],
    steps: ['a.test A'],
  },
];
