// local: localhost names and the reverse zones of 0, 127 and 255.
import { corefile, type ParityCase } from '../case.ts';

const steps = [
  'localhost A',
  'localhost AAAA',
  'LOCALHOST A',
  'localhost MX',
  'localhost SOA',
  'localhost NS',
  'a.localhost A',
  'a.b.localhost AAAA',
  'a.localhost TXT',
  'a.localhost SOA',
  '1.0.0.127.in-addr.arpa PTR',
  '1.0.0.127.in-addr.arpa A',
  '2.0.0.127.in-addr.arpa PTR',
  '127.in-addr.arpa SOA',
  '127.in-addr.arpa NS',
  '127.in-addr.arpa PTR',
  '0.in-addr.arpa SOA',
  '1.0.in-addr.arpa PTR',
  '255.in-addr.arpa NS',
  '1.255.in-addr.arpa PTR',
  'localhost.example.org A',
  'localhost.example.org AAAA',
  'localhost.example.org MX',
  'example.org A',
  'localhost ANY',
  'localhost A +do',
];

export const cases: readonly ParityCase[] = [
  {
    name: 'default',
    corefile: corefile`
      .:{{PORT}} {
          local
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }],
    steps,
  },
  {
    name: 'localhost_prefix off',
    corefile: corefile`
      .:{{PORT}} {
          local {
              localhost_prefix off
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }],
    steps: ['localhost A', 'localhost.example.org A'],
  },
];
