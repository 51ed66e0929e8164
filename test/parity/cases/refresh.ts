// cache: stale answers and prefetch, where work goes on after the reply.

import { corefile, type ParityCase } from '../case.ts';

export const cases: readonly ParityCase[] = [
  {
    name: 'serve_stale answers at once and asks in the background',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 100 1 1
              serve_stale 1h
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [
      { 'www.example.org A': { sequence: [['www.example.org 300 A 192.0.2.1'], ['www.example.org 300 A 192.0.2.2'], 'SERVFAIL', 'NXDOMAIN'] } },
    ],
    steps: [
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      'www.example.org A',
    ],
  },
  {
    name: 'serve_stale verify asks first and falls back',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 100 1 1
              serve_stale 1h verify
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [
      {
        'www.example.org A': {
          sequence: [['www.example.org 300 A 192.0.2.1'], ['www.example.org 300 A 192.0.2.2'], 'SERVFAIL', 'REFUSED', 'NXDOMAIN'],
        },
      },
    ],
    steps: [
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
    ],
  },
  {
    name: 'serve_stale verify with a time limit asks as the client did',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 100 1 1
              serve_stale 1h verify 2s 17s
              servfail 0
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'www.example.org A': { sequence: [['www.example.org 300 A 192.0.2.1'], ['www.example.org 300 A 192.0.2.2'], 'SERVFAIL'] } }],
    steps: ['www.example.org A +edns', { pause: 1300 }, 'www.example.org A +edns', { pause: 1300 }, 'www.example.org A +edns'],
  },
  {
    name: 'prefetch refreshes an entry that is asked for often',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 100 5 5
              prefetch 2 1m 90%
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'www.example.org A': { sequence: [['www.example.org 300 A 192.0.2.1'], ['www.example.org 300 A 192.0.2.2']] } }],
    steps: [
      'www.example.org A',
      'www.example.org A',
      { pause: 1300 },
      'www.example.org A',
      'www.example.org A',
      { pause: 5200 },
      'www.example.org A',
    ],
  },
  {
    name: 'serve_stale with a recheck pause and a TTL',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 100 1 1
              serve_stale 1h immediate 7s 10s
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'www.example.org A': { sequence: [['www.example.org 300 A 192.0.2.1'], 'SERVFAIL'] } }],
    steps: ['www.example.org A', { pause: 1300 }, 'www.example.org A', 'www.example.org A'],
  },
];
