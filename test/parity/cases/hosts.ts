// hosts: file, inline entries, wildcard, reverse, fallthrough, ttl.
import { corefile, once, type ParityCase, spelled } from '../case.ts';

const files = {
  hosts: [
    '# a comment',
    '192.0.2.1 www.example.org www alias.Example.ORG # another one',
    '192.0.2.2\twww.example.org',
    '2001:db8::1 www.example.org six.example.org',
    '192.0.2.9 *.wild.example.org',
    '192.0.2.10 exact.wild.example.org',
    '192.0.2.1 second.example.org',
    '192.0.2.77 outside.test',
    'fe80::1%lo0 scoped.example.org',
    'not-an-address bad.example.org',
    '192.0.2.5',
    '',
  ].join('\n'),
};

const mapped = `7.0.2.0.0.0.0.c.f.f.f.f.${'0.'.repeat(20)}ip6.arpa`;

export const cases: readonly ParityCase[] = [
  {
    name: 'one entry several times, in several spellings',
    files: {
      hosts:
        '192.0.2.7 www.test WWW.test\n::ffff:192.0.2.7 www.test.\n::FFFF:c000:207 www.test\n2001:DB8::1 www.test\n2001:db8:0:0::0001%lo www.test\n',
    },
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts {
              192.0.2.7 www.test
              2001:0db8::1 www.test
          }
      }
    `,
    steps: [
      once('www.test A'),
      once('www.test AAAA'),
      once('7.2.0.192.in-addr.arpa PTR'),
      once(`1.0.0.0.${'0.'.repeat(20)}8.b.d.0.1.0.0.2.ip6.arpa PTR`),
      once(`${mapped} PTR`),
    ],
  },

  {
    name: 'a file',
    files,
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts
      }
    `,
    steps: [
      'www.example.org A',
      spelled('WWW.example.ORG A'),
      'www.example.org AAAA',
      'www.example.org TXT',
      'www.example.org MX',
      'www.example.org ANY',
      'six.example.org A',
      'six.example.org AAAA',
      'alias.example.org A',
      'www A',
      'missing.example.org A',
      'missing.example.org MX',
      'a.wild.example.org A',
      'b.a.wild.example.org A',
      'wild.example.org A',
      'exact.wild.example.org A',
      'a.wild.example.org AAAA',
      '*.wild.example.org A',
      '1.2.0.192.in-addr.arpa PTR',
      '2.2.0.192.in-addr.arpa PTR',
      '9.2.0.192.in-addr.arpa PTR',
      '99.2.0.192.in-addr.arpa PTR',
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR',
      'scoped.example.org AAAA',
      'bad.example.org A',
      'www.example.org PTR',
      'outside.test A',
      'www.example.org A +do +size=1232',
      'example.org SOA',
      'www.example.org NS',
    ],
  },
  {
    name: 'zones, ttl and no fallthrough',
    files,
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts example.org {
              ttl 30
              no_reverse
          }
          whoami
      }
    `,
    steps: ['www.example.org A', 'missing.example.org A', 'outside.test A', '1.2.0.192.in-addr.arpa PTR', 'www.example.org MX'],
  },
  {
    name: 'fallthrough everywhere',
    files,
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts {
              fallthrough
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }],
    steps: [
      'www.example.org A',
      'missing.example.org A',
      'six.example.org A',
      'www.example.org TXT',
      '99.2.0.192.in-addr.arpa PTR',
      '1.2.0.192.in-addr.arpa PTR',
    ],
  },
  {
    name: 'fallthrough for some zones only',
    files,
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts {
              fallthrough sub.example.org test
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* *': 'NXDOMAIN' }],
    steps: ['missing.example.org A', 'missing.sub.example.org A', 'missing.test AAAA', '99.2.0.192.in-addr.arpa PTR'],
  },
  {
    name: 'inline entries beside a file',
    files,
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts {
              192.0.2.100 inline.example.org www.example.org
              2001:db8::100 inline.example.org
              ttl 120
              fallthrough
          }
          whoami
      }
    `,
    steps: ['inline.example.org A', 'inline.example.org AAAA', 'www.example.org A', '100.2.0.192.in-addr.arpa PTR', 'missing.example.org A'],
  },
  {
    name: 'fallthrough_unsupported hands on the types that hosts does not know',
    files,
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/hosts {
              fallthrough
              fallthrough_unsupported
          }
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* MX': ['www.example.org 60 MX 10 mail.example.org'], '* *': 'NXDOMAIN' }],
    steps: ['www.example.org MX', 'www.example.org A', 'six.example.org A', 'www.example.org TXT'],
  },
  {
    name: 'a file that is not there, then is',
    corefile: corefile`
      .:{{PORT}} {
          hosts {{DIR}}/later {
              reload 100ms
          }
      }
    `,
    steps: [
      'late.example.org A',
      { write: 'later', content: '192.0.2.4 late.example.org\n' },
      { ask: 'late.example.org A', until: /192\.0\.2\.4/ },
      { write: 'later', content: '192.0.2.5 late.example.org new.example.org\n' },
      { ask: 'late.example.org A', until: /192\.0\.2\.5/ },
      'new.example.org A',
    ],
  },
  {
    name: 'reverse zones as keys of the block',
    files,
    corefile: corefile`
      192.0.2.0/24:{{PORT}} 2001:db8::/32:{{PORT}} {
          hosts {{DIR}}/hosts
      }
    `,
    steps: [
      '1.2.0.192.in-addr.arpa PTR',
      '99.2.0.192.in-addr.arpa PTR',
      'www.example.org A',
      '1.3.0.192.in-addr.arpa PTR',
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR',
    ],
  },
];
