// loadbalance: order of records, weights, preferred networks.

import type { Script } from '../../support/upstream.ts';
import { corefile, type ParityCase } from '../case.ts';

const script: Script = {
  'mixed.example.org A': {
    answer: [
      'z.example.org 60 A 192.0.2.1',
      'z.example.org 60 A 192.0.2.2',
      'z.example.org 60 MX 10 mx1.example.org',
      'z.example.org 60 TXT "text"',
      'mixed.example.org 60 CNAME z.example.org',
      'z.example.org 60 AAAA 2001:db8::1',
      'z.example.org 60 MX 20 mx2.example.org',
    ],
    authority: ['example.org 60 NS ns1.example.org', 'example.org 60 NS ns2.example.org'],
  },
  'two.example.org A': ['two.example.org 60 A 192.0.2.1', 'two.example.org 60 A 192.0.2.2'],
  'many.example.org A': ['192.0.2.9', '10.0.0.1', '192.0.2.8', '10.1.0.1', '198.51.100.1'].map((address) => `many.example.org 60 A ${address}`),
  'upper.example.org A': ['upper.example.org 60 A 192.0.2.1', 'upper.example.org 60 A 192.0.2.2'],
  'six.example.org AAAA': ['six.example.org 60 AAAA 2001:db8::1', 'six.example.org 60 AAAA fd00::1'],
  'gone.example.org A': { rcode: 'NXDOMAIN', answer: ['gone.example.org 60 A 192.0.2.2', 'gone.example.org 60 CNAME x.test'] },
  'one.example.org A': ['one.example.org 60 A 192.0.2.1'],
  'chain.example.org A': [
    'chain.example.org 60 CNAME many.example.org',
    ...['192.0.2.9', '10.0.0.1'].map((address) => `many.example.org 60 A ${address}`),
  ],
  'svc.example.org SRV': ['svc.example.org 60 SRV 1 1 80 a.example.org', 'svc.example.org 60 SRV 1 1 80 b.example.org'],
};

export const cases: readonly ParityCase[] = [
  {
    name: 'round robin by default: aliases, others, addresses, mail servers',
    corefile: corefile`
      .:{{PORT}} {
          loadbalance
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [
      { ask: 'mixed.example.org A', order: 'types' },
      'two.example.org A',
      { ask: 'gone.example.org A', order: 'exact' },
      'one.example.org A',
      { ask: 'svc.example.org SRV', order: 'exact' },
      { tally: 'two.example.org A', of: 'first address' },
    ],
  },
  {
    name: 'round robin by name, over cached answers',
    corefile: corefile`
      .:{{PORT}} {
          cache
          loadbalance round_robin
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: ['many.example.org A', 'many.example.org A', { tally: 'two.example.org A', of: 'first address' }],
  },
  {
    name: 'prefer',
    order: 'exact',
    corefile: corefile`
      .:{{PORT}} {
          loadbalance {
              prefer 10.1.0.0/16 10.0.0.0/8 fd00::/8
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [
      { ask: 'many.example.org A', order: 'any' },
      'six.example.org AAAA',
      'chain.example.org A',
      { tally: 'many.example.org A', of: 'first address', times: 30 },
      { ask: 'mixed.example.org A', order: 'types' },
    ],
  },
  {
    name: 'weights from a file',
    files: {
      weights:
        '# weights\nmany.example.org\n10.0.0.1 200\n192.0.2.9 100\n\ntwo.example.org.\n192.0.2.1 3\n192.0.2.2 1\nUPPER.example.org\n192.0.2.1 1\n192.0.2.2 200\n',
    },
    corefile: corefile`
      .:{{PORT}} {
          loadbalance weighted {{DIR}}/weights {
              reload 0
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [
      'many.example.org A',
      'one.example.org A',
      { tally: 'two.example.org A', of: 'first address' },
      { tally: 'many.example.org A', of: 'first address' },
      {
        tally: 'upper.example.org A',
        of: 'first address',
        deviation: { id: 'weights-case', instead: { shares: { '192.0.2.1': 0, '192.0.2.2': 1 } } },
      },
      'mixed.example.org A',
    ],
  },
];
