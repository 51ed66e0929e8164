// cache: what is kept and for how long, flags, denial, servfail, stale answers, prefetch, disable.

import type { Answer, Asked, Script } from '../../support/upstream.ts';
import { corefile, type Deviation, type Observation, type ParityCase, spelled } from '../case.ts';

const soa = 'example.org 300 SOA ns.example.org host.example.org 1 7200 3600 86400 300';
const script: Script = {
  'www.example.org A': ['www.example.org 300 A 192.0.2.1', 'www.example.org 120 A 192.0.2.2'],
  'aa.example.org A': {
    flags: ['aa', 'ra', 'ad'],
    answer: ['aa.example.org 300 A 192.0.2.1'],
    authority: ['example.org 60 NS ns.example.org'],
    additional: ['ns.example.org 90 A 192.0.2.53'],
  },
  'short.example.org A': ['short.example.org 1 A 192.0.2.1'],
  'zero.example.org A': ['zero.example.org 0 A 192.0.2.1'],
  'long.example.org A': ['long.example.org 86400 A 192.0.2.1'],
  'missing.example.org *': { rcode: 'NXDOMAIN', authority: [soa] },
  'bare.example.org *': 'NXDOMAIN',
  'nodata.example.org *': { authority: [soa] },
  'empty.example.org *': {},
  'refused.example.org *': 'REFUSED',
  'formerr.example.org *': 'FORMERR',
  'notimp.example.org *': 'NOTIMP',
  'fail.example.org *': 'SERVFAIL',
  'longdeny.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 86400 SOA ns.example.org host.example.org 1 7200 3600 86400 86400'] },
  'alias.example.org A': ['alias.example.org 300 CNAME elsewhere.test'],
  'chain.example.org A': ['chain.example.org 300 CNAME end.example.org', 'end.example.org 60 A 192.0.2.1'],
  'loose.example.org A': { answer: ['loose.example.org 300 CNAME elsewhere.test'], authority: [soa] },
  'deleg.example.org A': { authority: ['deleg.example.org 300 NS ns.deleg.example.org'], additional: ['ns.deleg.example.org 300 A 192.0.2.53'] },
  'tc.example.org A': { flags: ['tc', 'ra'], answer: ['tc.example.org 300 A 192.0.2.1'] },
  'opt.example.org A': { answer: ['opt.example.org 300 A 192.0.2.1'], opt: { size: 4000, options: [{ code: 15, data: '0003' }] } },
};
const plain = corefile`
  .:{{PORT}} {
      cache
      forward . {{UP1}}
  }
`;
const twice = (ask: string): string[] => [ask, ask];

/** A TTL of 0 is handed on and not kept (RFC 1035 section 3.2.1); CoreDNS raises it to 5 seconds. */
const uncached: Deviation = { id: 'ttl-zero', instead: { answer: ['zero.example.org. 0 IN A 192.0.2.1'] } };
const uncachedAgain: Deviation = {
  id: 'ttl-zero',
  instead: { reply: 'NOERROR rd ra', answer: ['zero.example.org. 0 IN A 192.0.2.1'], asked: { 1: ['udp zero.example.org. IN A rd ad'] } },
};

/** RD is part of what a reply answers: the upstream is asked. */
const unanswered: Deviation = {
  id: 'recursion-desired',
  instead: { reply: 'NOERROR ra', asked: { 1: ['udp www.example.org. IN A ad'] } },
};

/** Extended errors of the upstream are given on (RFC 8914). */
const withError = (size: string): Deviation => ({ id: 'extended-errors', instead: { opt: `version 0, ${size}, option 15:0003` } });

/** An empty reply without a SOA is not kept (RFC 2308 section 5). */
function askedAgain(ask: string): Deviation {
  return { id: 'nodata-without-soa', instead: { reply: 'NOERROR rd ra', asked: { 1: [`udp ${ask.replace(' A', '. IN A')} rd ad`] } } };
}

const recursive = ({ message }: Asked): Answer =>
  message.flags.includes('rd')
    ? { answer: ['deep.example.org 300 A 192.0.2.1'] }
    : { authority: ['example.org 300 NS ns.example.org'], additional: ['ns.example.org 300 A 192.0.2.53'] };

/** Answers for the network that was asked about. */
const scoped = ({ message }: Asked): Answer => {
  const data = message.opt?.options.find(({ code }) => code === 8)?.data ?? '00010000';
  return {
    answer: [`net.example.org 300 A 192.0.2.${Number.parseInt(data.slice(-2), 16)}`],
    opt: { options: [{ code: 8, data: data.replace(/^(....)(..)../, '$1$2$2') }] },
  };
};
const lowMinimum = 'example.org 300 SOA ns.example.org host.example.org 1 7200 3600 86400 6';
const minimum = (): Deviation => ({
  id: 'soa-minimum',
  instead: ({ authority = [] }) => ({ authority: authority.map((line) => line.replace('. 300 ', '. 6 ')) }),
});

export const cases: readonly ParityCase[] = [
  {
    name: 'first and second answers',
    corefile: plain,
    upstreams: [script],
    steps: [
      'www.example.org A',
      'www.example.org A',
      'WWW.example.org A',
      'www.example.org A +tcp',
      { ask: 'www.example.org A +nord', deviation: unanswered },
      ...twice('aa.example.org A'),
      'aa.example.org A +ad',
      'aa.example.org A +do',
      'aa.example.org A +do',
      'aa.example.org A +cd',
      'aa.example.org A +cd',
      'aa.example.org A +edns',
      ...twice('short.example.org A'),
      { ask: 'zero.example.org A', deviation: uncached },
      { ask: 'zero.example.org A', deviation: uncachedAgain },
      ...twice('long.example.org A'),
      ...twice('missing.example.org A'),
      'missing.example.org AAAA',
      ...twice('bare.example.org A'),
      ...twice('nodata.example.org A'),
      'empty.example.org A',
      { ask: 'empty.example.org A', deviation: askedAgain('empty.example.org A') },
      ...twice('refused.example.org A'),
      ...twice('formerr.example.org A'),
      ...twice('notimp.example.org A'),
      ...twice('fail.example.org A'),
      ...twice('longdeny.example.org A'),
      ...twice('alias.example.org A'),
      ...twice('chain.example.org A'),
      ...twice('loose.example.org A'),
      ...twice('deleg.example.org A'),
      ...twice('tc.example.org A'),
      ...twice('opt.example.org A +edns').map((ask) => ({ ask, deviation: withError('size 1232') })),
      'opt.example.org A',
      {
        ask: 'opt.example.org A +do +size=4096',
        deviation: {
          id: 'upstream-edns-size',
          instead: { opt: 'version 0, size 4096, do, option 15:0003', asked: { 1: ['udp opt.example.org. IN A rd ad, opt 1232 do'] } },
        },
      },
      { ask: 'opt.example.org A +do +size=4096', deviation: withError('size 4096, do') },
    ],
  },
  {
    name: 'a question without recursion desired, then with it',
    corefile: plain,
    upstreams: [{ 'deep.example.org A': recursive }],
    steps: [
      'deep.example.org A +nord',
      {
        ask: 'deep.example.org A',
        deviation: {
          id: 'recursion-desired',
          instead: {
            reply: 'NOERROR rd ra',
            answer: ['deep.example.org. 300 IN A 192.0.2.1'],
            authority: [],
            additional: [],
            asked: { 1: ['udp deep.example.org. IN A rd ad'] },
          },
        },
      },
    ],
  },
  {
    name: 'an answer for one network',
    corefile: plain,
    upstreams: [{ 'net.example.org A': scoped }],
    steps: [
      {
        ask: 'net.example.org A +option=8:000118000a0a01',
        deviation: { id: 'client-subnet', instead: { opt: 'version 0, size 1232, option 8:000118180a0a01' } },
      },
      {
        ask: 'net.example.org A +option=8:000118000a0a02',
        deviation: {
          id: 'client-subnet',
          instead: {
            reply: 'NOERROR rd ra',
            answer: ['net.example.org. 300 IN A 192.0.2.2'],
            opt: 'version 0, size 1232, option 8:000118180a0a02',
            asked: { 1: ['udp net.example.org. IN A rd ad, opt 1232 8:000118000a0a02'] },
          },
        },
      },
    ],
  },
  {
    name: 'the MINIMUM of a SOA',
    corefile: plain,
    upstreams: [{ 'missing.example.org *': { rcode: 'NXDOMAIN', authority: [lowMinimum] }, 'nodata.example.org *': { authority: [lowMinimum] } }],
    steps: ['missing.example.org A', 'missing.example.org A', 'nodata.example.org A'].map((ask) => ({ ask, deviation: minimum() })),
  },
  {
    name: 'empty replies and referrals, with a lowest TTL',
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 1000 600 300
              denial 1000 600 300
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [
      'empty.example.org A',
      { ask: 'empty.example.org A', deviation: askedAgain('empty.example.org A') },
      ...twice('deleg.example.org A').map((ask) => ({
        ask,
        deviation: {
          id: 'nodata-without-soa',
          instead: ({ authority = [], additional = [] }: Observation) => ({
            authority: authority.map((line) => line.replace('. 300 ', '. 5 ')),
            additional: additional.map((line) => line.replace('. 300 ', '. 5 ')),
          }),
        },
      })),
    ],
  },
  {
    name: 'TTLs count down and entries end',
    corefile: plain,
    upstreams: [{ ...script, 'five.example.org A': ['five.example.org 6 A 192.0.2.1'] }],
    steps: [
      'www.example.org A',
      'five.example.org A',
      { pause: 2200 },
      'www.example.org A',
      'five.example.org A',
      'WWW.EXAMPLE.org A +do',
      { pause: 4200 },
      'five.example.org A',
      'www.example.org A',
    ],
  },
  {
    name: 'keepttl',
    corefile: corefile`
      .:{{PORT}} {
          cache {
              keepttl
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: ['www.example.org A', { pause: 1200 }, 'www.example.org A'],
  },
  {
    name: 'a TTL and zones as arguments',
    corefile: corefile`
      .:{{PORT}} {
          cache 30 example.org
          forward . {{UP1}}
      }
    `,
    upstreams: [{ 'other.test A': ['other.test 300 A 192.0.2.3'], ...script }],
    steps: [...twice('www.example.org A'), ...twice('missing.example.org A'), ...twice('other.test A'), ...twice('short.example.org A')],
  },
  {
    name: 'capacities with TTLs and lower bounds',
    corefile: corefile`
      .:{{PORT}} {
          cache {
              success 1000 100 50
              denial 500 40 20
              servfail 2s
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ ...script, 'tiny.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 1 SOA ns.example.org h.example.org 1 2 3 4 1'] } }],
    steps: [
      ...twice('long.example.org A'),
      ...twice('short.example.org A'),
      ...twice('longdeny.example.org A'),
      ...twice('tiny.example.org A'),
      ...twice('fail.example.org A'),
      { pause: 2300 },
      'fail.example.org A',
    ],
  },
  {
    name: 'servfail 0 keeps no failures',
    corefile: corefile`
      .:{{PORT}} {
          cache {
              servfail 0
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [...twice('fail.example.org A'), ...twice('notimp.example.org A')],
  },
  {
    name: 'disable success and denial for zones',
    corefile: corefile`
      .:{{PORT}} {
          cache 30 {
              disable success cluster.local
              disable denial cluster.local
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [
      { 'a.cluster.local A': ['a.cluster.local 300 A 192.0.2.1'], '*.cluster.local *': { rcode: 'NXDOMAIN', authority: [soa] }, ...script },
    ],
    steps: [...twice('a.cluster.local A'), ...twice('b.cluster.local A'), ...twice('www.example.org A'), ...twice('missing.example.org A')],
  },
  {
    name: 'disable denial everywhere',
    corefile: corefile`
      .:{{PORT}} {
          cache {
              disable denial
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [...twice('missing.example.org A'), ...twice('www.example.org A'), ...twice('fail.example.org A')],
  },
  {
    name: 'an upstream that does not answer: is the failure kept?',
    corefile: corefile`
      .:{{PORT}} {
          cache
          forward . {{UP1}} {
              read_timeout 100ms
              max_connect_attempts 1
          }
      }
    `,
    upstreams: [{ '* *': { drop: true } }],
    steps: ['www.example.org A', 'www.example.org A'],
  },
  {
    name: 'hosts behind the cache',
    files: { hosts: '192.0.2.1 www.example.org\n' },
    corefile: corefile`
      .:{{PORT}} {
          cache
          hosts {{DIR}}/hosts {
              ttl 600
          }
      }
    `,
    steps: [...twice('www.example.org A'), ...twice('www.example.org AAAA'), ...twice('missing.example.org A'), spelled('WWW.example.org A')],
  },
];
