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
      {
        ask: 'www.example.org A',
        deviation: { id: 'newest-reply', instead: { reply: 'NXDOMAIN rd ra', answer: [], asked: { 1: ['udp www.example.org. IN A rd ad'] } } },
      },
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
    steps: [
      'www.example.org A +edns',
      { pause: 1300 },
      'www.example.org A +edns',
      { pause: 1300 },
      { ask: 'www.example.org A +edns', deviation: { id: 'extended-errors', instead: { opt: 'version 0, size 1232, option 15:0003' } } },
    ],
  },
  {
    name: 'serve_stale verify and a name that has come into being',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              denial 100 1 1
              serve_stale 1h verify
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [
      {
        'new.example.org A': {
          sequence: [
            { rcode: 'NXDOMAIN', authority: ['example.org 1 SOA ns.example.org host.example.org 1 7200 3600 86400 1'] },
            ['new.example.org 300 A 192.0.2.1'],
          ],
        },
      },
    ],
    steps: [
      'new.example.org A',
      { pause: 1300 },
      'new.example.org A',
      {
        ask: 'new.example.org A',
        deviation: { id: 'newest-reply', instead: { reply: 'NOERROR aa rd ra', asked: {} } },
      },
    ],
  },
  {
    name: 'serve_stale and a failure that is over',
    background: true,
    corefile: corefile`
      .:{{PORT}} {
          cache {
              servfail 1s
              serve_stale 1h
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'www.example.org A': { sequence: ['SERVFAIL', ['www.example.org 300 A 192.0.2.1']] } }],
    steps: [
      'www.example.org A',
      { pause: 1300 },
      {
        ask: 'www.example.org A',
        deviation: {
          id: 'stale-failure',
          instead: {
            reply: 'NOERROR rd ra',
            answer: ['www.example.org. 300 IN A 192.0.2.1'],
            asked: { 1: ['udp www.example.org. IN A rd ad'] },
          },
        },
      },
    ],
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
