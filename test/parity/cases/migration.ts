// The move of a service in three states: example.domain is A, then A and B, then B; by rewrite in front of hosts and of a forward.
import { corefile, type ParityCase, spelled } from '../case.ts';

const A = '192.0.2.10';
const B = '192.0.2.20';
const files = { hosts: `${A} a.internal both.internal\n${B} b.internal both.internal\n` };
const steps = [
  'example.domain A',
  spelled('Example.DOMAIN A'),
  'example.domain A +tcp',
  'example.domain AAAA',
  'example.domain A +edns',
  'example.domain MX',
  'www.example.domain A',
  'other.domain A',
] as const;

export const cases: readonly ParityCase[] = [
  {
    name: 'DNS A in the transition: the name is answered A and B, by hosts',
    files,
    corefile: corefile`
      .:{{PORT}} {
          errors
          loadbalance round_robin
          rewrite name exact example.domain both.internal
          hosts {{DIR}}/hosts {
              ttl 30
              fallthrough
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }],
    steps: [...steps, { tally: 'example.domain A', of: 'first address' }],
  },
  {
    name: 'DNS B: the name is answered B alone, by hosts',
    files,
    corefile: corefile`
      .:{{PORT}} {
          errors
          rewrite name exact example.domain b.internal
          hosts {{DIR}}/hosts {
              ttl 30
              fallthrough
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }],
    steps: [...steps, { tally: 'example.domain A', of: 'addresses', times: 20 }],
  },
  {
    name: 'DNS A in the transition: by a forward, with cache and loadbalance',
    corefile: corefile`
      example.domain:{{PORT}} {
          errors
          log
          cache 30
          loadbalance
          rewrite name example.domain both.internal
          forward . {{UP1}}
      }
      .:{{PORT}} {
          forward . {{UP2}}
      }
    `,
    upstreams: [
      {
        'both.internal A': [`both.internal 60 A ${A}`, `both.internal 60 A ${B}`],
        'both.internal *': { authority: ['internal 60 SOA ns.internal h.internal 1 2 3 4 300'] },
      },
      { '* *': 'NXDOMAIN' },
    ],
    steps: [...steps, 'example.domain A', spelled('EXAMPLE.domain A'), { tally: 'example.domain A', of: 'first address' }],
  },
  {
    name: 'the whole domain moves: suffix with answer auto',
    corefile: corefile`
      .:{{PORT}} {
          rewrite stop {
              name suffix .old.domain .new.domain
              answer auto
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [
      {
        'www.new.domain A': ['www.new.domain 60 CNAME lb.new.domain', `lb.new.domain 60 A ${B}`],
        'new.domain MX': ['new.domain 60 MX 10 mail.new.domain'],
        '*.new.domain *': { rcode: 'NXDOMAIN', authority: ['new.domain 60 SOA ns.new.domain h.new.domain 1 2 3 4 300'] },
        'old.domain MX': ['old.domain 60 MX 10 mail.old.domain'],
      },
    ],
    order: 'exact',
    steps: ['www.old.domain A', spelled('WWW.old.domain A'), 'missing.old.domain A', 'old.domain MX', 'www.new.domain A'],
  },
  {
    name: 'the new state: A is rewritten away from every answer',
    files,
    corefile: corefile`
      .:{{PORT}} {
          rewrite continue name a.internal b.internal
          rewrite ttl example.domain 5
          rewrite name example.domain b.internal
          hosts {{DIR}}/hosts
      }
    `,
    steps: ['example.domain A', 'a.internal A', 'b.internal A', 'both.internal A'],
  },
];
