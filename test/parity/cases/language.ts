// The language of the Corefile where it can be seen in answers: quoting, comments, environment, snippets, imports, reverse zones.
import { corefile, type ParityCase } from '../case.ts';

export const cases: readonly ParityCase[] = [
  {
    name: 'snippets and imports of files',
    files: {
      'hosts-a': '192.0.2.1 www.a.test\n',
      'parts/one.conf': 'b.test:{{PORT}} {\n    import inner.part\n}\n',
      'parts/inner.part': 'hosts {\n    192.0.2.2 www.b.test\n}\n',
      'parts/two.conf': '# comments only\n',
    },
    corefile: corefile`
      (shared) {
          errors
          hosts {{DIR}}/hosts-a
      }
      a.test:{{PORT}} {
          import shared
      }
      import {{DIR}}/parts/*.conf
    `,
    steps: ['www.a.test A', 'www.b.test A', 'www.c.test A'],
  },
  {
    name: 'environment in keys, arguments and quoted words',
    env: { PARITY_ZONE: 'env.test', PARITY_ADDRESS: '192.0.2.3', PARITY_NAMES: 'one.env.test two.env.test' },
    corefile: corefile`
      {$PARITY_ZONE}:{{PORT}} {
          hosts {
              {$PARITY_ADDRESS} www.{%PARITY_ZONE%} "a.{$PARITY_ZONE}"
              192.0.2.4 {$PARITY_NAMES}
              192.0.2.5 unset{$PARITY_UNSET}.env.test
          }
      }
    `,
    steps: ['www.env.test A', 'a.env.test A', 'one.env.test A', 'unset.env.test A'],
  },
  {
    name: 'comments and quotes',
    corefile: corefile`
      "a.test:{{PORT}}" b.test:{{PORT}} { # a comment
          hosts { # another
              # a line of comment
              "192.0.2.1" www.a.test#comment
              192.0.2.2 www.b.test # end
          }
      }
    `,
    steps: ['www.a.test A', 'www.b.test A'],
  },
  {
    name: 'a file without braces is one block',
    corefile: '.:{{PORT}}\nwhoami\n',
    steps: ['a.test A'],
  },
  {
    name: 'reverse zones from networks',
    corefile: corefile`
      10.0.0.0/24:{{PORT}} 10.1.0.0/15:{{PORT}} 192.0.2.0/26:{{PORT}} 2001:db8::/33:{{PORT}} {
          whoami
      }
    `,
    steps: [
      '1.0.0.10.in-addr.arpa PTR',
      '1.1.0.10.in-addr.arpa PTR',
      '1.0.0.10.in-addr.arpa A',
      '1.2.0.10.in-addr.arpa PTR',
      '1.2.1.10.in-addr.arpa PTR',
      '9.9.0.10.in-addr.arpa PTR',
      '9.9.2.10.in-addr.arpa PTR',
      '63.2.0.192.in-addr.arpa PTR',
      '64.2.0.192.in-addr.arpa PTR',
      '2.0.192.in-addr.arpa NS',
      '0.7.8.b.d.0.1.0.0.2.ip6.arpa PTR',
      '0.7.8.b.d.0.1.0.0.2.ip6.arpa NS',
      '7.8.b.d.0.1.0.0.2.ip6.arpa NS',
      '7.0.0.0.7.8.b.d.0.1.0.0.2.ip6.arpa PTR',
      'f.8.b.d.0.1.0.0.2.ip6.arpa NS',
      '0.8.b.d.0.1.0.0.2.ip6.arpa NS',
    ],
  },
  {
    name: 'keys in upper case, with a scheme and with a trailing dot',
    corefile: corefile`
      dns://Example.ORG.:{{PORT}} {
          whoami
      }
    `,
    steps: ['www.example.org A', 'EXAMPLE.org A', 'example.com A'],
  },
  {
    name: 'a directive twice, and the order of directives does not matter',
    corefile: corefile`
      .:{{PORT}} {
          forward a.test {{UP1}}
          rewrite name x.test www.a.test
          forward . {{UP2}}
          cache 20
          rewrite name y.test www.b.test
      }
    `,
    upstreams: [
      { '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }) },
      { '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.2`] }) },
    ],
    steps: ['x.test A', 'y.test A', 'x.test A', 'www.a.test A'],
  },
  {
    name: 'keys of one block share a cache',
    corefile: corefile`
      a.test:{{PORT}} b.test:{{PORT}} .:{{PORT2}} {
          cache
          forward . {{UP1}}
      }
    `,
    upstreams: [{ '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }) }],
    steps: ['www.a.test A', { ask: 'www.a.test A', port: 'PORT2' }, 'www.b.test A', { ask: 'www.b.test A', port: 'PORT2' }],
  },
];
