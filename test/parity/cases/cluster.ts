// Corefiles that clusters run with, less their kubernetes lines; the ports are free ones.

import type { Script } from '../../support/upstream.ts';
import { corefile, type ParityCase } from '../case.ts';

const script: Script = {
  'gone.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org h.example.org 1 2 3 4 300'] },
  'fail.example.org *': 'SERVFAIL',
  'two.example.org A': ['two.example.org 60 A 192.0.2.1', 'two.example.org 60 A 192.0.2.2'],
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }),
  '* PTR': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 PTR host.example.org`] }),
  '* *': {},
};
const steps = [
  'www.example.org A',
  'www.example.org A',
  'www.example.org AAAA',
  'gone.example.org A',
  'gone.example.org A',
  'fail.example.org A',
  'two.example.org A +tcp',
  'svc.default.svc.cluster.local A',
  'svc.default.svc.cluster.local A',
  '1.0.96.10.in-addr.arpa PTR',
  'WWW.Example.org A +do +size=1232',
] as const;
const http = [{ http: '127.0.0.1:{{HTTP}}/health' }, { http: '127.0.0.1:{{HTTP2}}/ready' }];

export const cases: readonly ParityCase[] = [
  {
    name: 'kubeadm, kind, minikube',
    upstreams: [script],
    files: { 'resolv.conf': '# made by the installer\nsearch example.org\nnameserver 127.0.0.1\noptions ndots:5\n' },
    corefile: corefile`
      .:{{PORT}} {
          errors
          health :{{HTTP}} {
             lameduck 5s
          }
          ready :{{HTTP2}}
          prometheus :0
          forward . {{UP1}} {
             max_concurrent 1000
          }
          cache 30 {
             disable success cluster.local
             disable denial cluster.local
          }
          loop
          reload
          loadbalance
      }
    `,
    steps: [...steps, ...http],
  },
  {
    name: 'k3s: empty imports, hosts of the nodes, tabs and a file without a last newline',
    upstreams: [script],
    files: { NodeHosts: '192.168.1.5 node-1\n' },
    corefile: [
      '.:{{PORT}} {',
      '    errors',
      '    health :{{HTTP}}',
      '    ready :{{HTTP2}}',
      '\thosts {{DIR}}/NodeHosts {',
      '\t  ttl 60',
      '      reload 15s',
      '\t  fallthrough',
      '    }',
      '    cache 30',
      '    loop',
      '    reload',
      '    loadbalance',
      '    import {{DIR}}/custom/*.override',
      '    forward . {{UP1}}',
      '}',
      'import {{DIR}}/custom/*.server',
    ].join('\n'),
    steps: [...steps, 'node-1 A', 'node-1 AAAA', '5.1.168.192.in-addr.arpa PTR', ...http],
    output: { keep: /No files matching/, distinct: true, mask: [[/(pattern: ).*\/custom/, '$1…/custom']] },
  },
  {
    name: 'EKS: Windows line ends and odd indentation',
    upstreams: [script],
    corefile: corefile`
      .:{{PORT}} {
          errors
          health :{{HTTP}} {
              lameduck 5s
            }
          ready :{{HTTP2}}
          forward . {{UP1}}
          cache 30
          loop
          reload
          loadbalance
        }
    `.replaceAll('\n', '\r\n'),
    steps: [...steps, ...http],
  },
  {
    name: 'AKS: overrides and servers from imported files',
    upstreams: [script, { '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.99`] }), '* *': {} }],
    files: {
      'custom/log.override': '# only comments\nlog . "{name} {rcode}"\n',
      'custom/rewrite.override':
        'rewrite name substring corp.example default.svc.cluster.local\nhosts {\n    192.0.2.7 inline.example.org\n    fallthrough\n}\n',
      'custom/stub.server': 'stub.test:{{PORT}} {\n    errors\n    cache 30\n    forward . {{UP2}}\n}\n',
      'custom/empty.server': '# nothing here\n',
    },
    corefile: corefile`
      .:{{PORT}} {
          errors
          ready :{{HTTP2}}
          health :{{HTTP}} {
            lameduck 5s
          }
          forward . {{UP1}}
          cache 30
          loop
          reload
          loadbalance
          import {{DIR}}/custom/*.override
      }
      import {{DIR}}/custom/*.server
    `,
    steps: [...steps, 'www.stub.test A', 'stub.test A', 'inline.example.org A', 'web.corp.example A', ...http],
    output: { keep: /^\[INFO\] (?!\d+\.\d+\. )\S+ (NOERROR|NXDOMAIN|SERVFAIL|REFUSED)/ },
  },
  {
    name: 'OpenShift: forwarding zones, comments, logs of errors',
    upstreams: [script, { '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.99`] }), '* *': 'SERVFAIL' }],
    corefile: corefile`
      # foo
      one.test:{{PORT}} two.test:{{PORT}} {
          forward . {{UP2}} {
              policy random
          }
          errors
          log . {
              class error
          }
          cache 900 {
              denial 9984 30
          }
      }
      # the rest
      .:{{PORT}} { # all else
          errors
          log . {
              class error
          }
          health :{{HTTP}} {
              lameduck 20s
          }
          ready :{{HTTP2}}
          forward . {{UP1}} {
              policy sequential
          }
          cache 900 {
              denial 9984 30
          }
          reload
      }
    `,
    steps: [...steps, 'www.one.test A', 'www.one.test A', 'two.test MX', 'x.two.test A', ...http],
    output: {
      keep: /^\[INFO\] \[?127/,
      mask: [
        [/127\.0\.0\.1:\d+ - \d+/, 'CLIENT'],
        [/\b\d+(\.\d+)?s$/, 'DURATION'],
      ],
    },
  },
  {
    name: 'Gardener: a search path undone by a block of rewrite',
    upstreams: [script],
    corefile: corefile`
      .:{{PORT}} {
          errors
          log . {
              class error
          }
          health :{{HTTP}} {
              lameduck 15s
          }
          ready :{{HTTP2}}
          rewrite stop {
            name regex (^(?:[^\.]+\.)+)svc\.foo\.bar\.svc\.foo\.bar {1}svc.foo.bar
            answer name (^(?:[^\.]+\.)+)svc\.foo\.bar {1}svc.foo.bar.svc.foo.bar
            answer value (^(?:[^\.]+\.)+)svc\.foo\.bar {1}svc.foo.bar.svc.foo.bar
          }
          loop
          import {{DIR}}/custom/*.override
          forward . {{UP1}}
          cache 30
          reload
          loadbalance round_robin
      }
      import {{DIR}}/custom/*.server
    `,
    steps: [...steps, 'web.default.svc.foo.bar.svc.foo.bar A', 'web.default.svc.foo.bar A', ...http],
  },
  {
    name: 'node-local cache: stub zones over TCP',
    upstreams: [script],
    corefile: corefile`
      cluster.local:{{PORT}} {
          errors
          cache {
                  success 9984 30
                  denial 9984 5
          }
          reload
          loop
          bind 127.0.0.1
          forward . {{UP1}} {
                  force_tcp
          }
          health 127.0.0.1:{{HTTP}}
      }
      in-addr.arpa:{{PORT}} {
          errors
          cache 30
          reload
          loop
          bind 127.0.0.1
          forward . {{UP1}} {
                  force_tcp
          }
      }
      .:{{PORT}} {
          errors
          cache 30
          reload
          loop
          bind 127.0.0.1
          forward . {{UP1}}
      }
    `,
    steps,
  },
];
