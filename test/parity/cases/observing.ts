// What operators see: log, errors, debug, prometheus, health, ready, metadata, reload.

import type { Script } from '../../support/upstream.ts';
import { corefile, type ParityCase } from '../case.ts';

const script: Script = {
  'gone.test *': { rcode: 'NXDOMAIN', authority: ['test 60 SOA ns.test h.test 1 2 3 4 300'] },
  'fail.test *': 'SERVFAIL',
  'refused.test *': 'REFUSED',
  'nodata.test *': { authority: ['test 60 SOA ns.test h.test 1 2 3 4 300'] },
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }),
  '* *': {},
};
const masks = [
  [/\b\d+(\.\d+)?s(?=$| ")/, 'DURATION'],
  [/ - \d+ "/, ' - ID "'],
] as const;
const queries = ['www.test A', 'gone.test A', 'nodata.test A', 'fail.test A', 'refused.test A'];

/** A case that logs with the given directive lines in front of a forward. */
function log(name: string, lines: string, steps: readonly string[]): ParityCase {
  return {
    name,
    corefile: `.:{{PORT}} {\n${lines}\nforward . {{UP1}}\n}\n`,
    upstreams: [script],
    steps,
    output: { keep: /^\[INFO\] (?!plugin)/, mask: [[/\]?127\.0\.0\.1:\d+/, 'CLIENT'], ...masks] },
  };
}

/** CoreDNS names the plugin that stands behind prometheus, ferrydns the one that answered. */
const responses = [
  ['forward', 'NOERROR', '.', 2],
  ['forward', 'NXDOMAIN', '.', 1],
  ['hosts', 'NOERROR', '.', 1],
  ['whoami', 'NOERROR', 'example.org.', 3],
].map(
  ([plugin, rcode, zone, count]) =>
    `coredns_dns_responses_total{plugin="${plugin}",rcode="${rcode}",server="dns://:{{PORT}}",view="",zone="${zone}"} ${count}`,
);

export const cases: readonly ParityCase[] = [
  log('log', 'log', [
    'WWW.test A',
    'www.test A +tcp',
    'www.test AAAA +do +size=1200',
    'gone.test A',
    'fail.test A',
    'www.test TYPE999',
    'www.test A +nord +cd',
  ]),
  log('log with a class', 'log . {\nclass error\n}', queries),
  log('log with two classes', 'log . {\nclass denial success\n}', queries),
  log('log of a zone', 'log sub.test', ['www.test A', 'x.sub.test A']),
  log('log with a format', 'log . "{type} {class} {name} {proto} {size} {rcode} {rsize} {>rflags} {>do} {>bufsize} {>opcode}"', [
    'www.test A',
    'www.test A +tcp +do',
    'gone.test MX +nord',
  ]),
  log('log with combined', 'log . "{combined}"', ['www.test A']),
  log('log with unknown and metadata fields', 'metadata\nlog . "{name} {nonsense} {/forward/upstream} {/no/such} {remote}"', ['www.test A']),
  log('log rules: the first zone that fits decides', 'log sub.test {\nclass error\n}\nlog . "all {name} {rcode}"', [
    'www.test A',
    'x.sub.test A',
    'gone.test A',
  ]),
  log('log of a lone format is a zone name', 'log "{name}"', ['www.test A']),
  {
    name: 'log of what is never answered by a plugin',
    corefile: corefile`
      .:{{PORT}} {
          log . "{name} {rcode} {>rflags} {rsize}"
          errors
          forward example.org {{UP1}}
      }
    `,
    upstreams: [script],
    steps: ['www.test A', 'a.example.org A'],
    output: { keep: /^\[(INFO|ERROR)\]/ },
  },
  {
    name: 'errors with consolidation',
    corefile: corefile`
      .:{{PORT}} {
          errors {
              consolidate 300ms ".*no next plugin found$" warning
          }
          cache
      }
    `,
    steps: ['a.test A', 'b.test A', { pause: 500 }],
    output: { keep: /plugin\/errors/ },
  },
  {
    name: 'errors with consolidation that shows the first one',
    corefile: corefile`
      .:{{PORT}} {
          errors {
              consolidate 300ms "^no match$"
              consolidate 300ms "found$" info show_first
          }
          cache
      }
    `,
    steps: ['a.test A', 'b.test A', 'c.test A', { pause: 500 }],
    output: { keep: /plugin\/errors/ },
  },
  {
    name: 'errors stdout, with debug',
    corefile: corefile`
      .:{{PORT}} {
          debug
          errors stdout
          cache
      }
    `,
    steps: ['A.test A'],
    output: { keep: /plugin\/errors/ },
  },
  {
    name: 'health and ready',
    corefile: corefile`
      .:{{PORT}} {
          health 127.0.0.1:{{HTTP}}
          ready 127.0.0.1:{{HTTP2}}
          whoami
      }
    `,
    steps: [
      { http: '127.0.0.1:{{HTTP}}/health' },
      { http: '127.0.0.1:{{HTTP2}}/ready' },
      { http: '127.0.0.1:{{HTTP}}/other' },
      { http: '127.0.0.1:{{HTTP2}}/' },
    ],
  },
  {
    name: 'health with lameduck, ready that monitors',
    corefile: corefile`
      .:{{PORT}} {
          health :{{HTTP}} {
              lameduck 100ms
          }
          ready :{{HTTP2}} {
              monitor continuously
          }
          whoami
      }
    `,
    steps: [{ http: '127.0.0.1:{{HTTP}}/health' }, { http: '127.0.0.1:{{HTTP2}}/ready' }],
  },
  {
    name: 'metrics of the core',
    corefile: corefile`
      .:{{PORT}} {
          prometheus 127.0.0.1:{{HTTP}}
          hosts {{DIR}}/hosts {
              fallthrough
          }
          forward . {{UP1}}
      }
      example.org:{{PORT}} {
          prometheus 127.0.0.1:{{HTTP}}
          whoami
      }
    `,
    files: { hosts: '192.0.2.1 local.test\n' },
    upstreams: [script],
    steps: [
      'www.test A',
      'www.test AAAA',
      'gone.test MX',
      'local.test A',
      'a.example.org A +tcp',
      'a.example.org TYPE999 +do',
      'a.example.org HTTPS',
      {
        http: '127.0.0.1:{{HTTP}}/metrics',
        keep: /^coredns_(dns_requests_total|dns_do_requests_total|dns_request_size_bytes_(count|sum)|dns_response_size_bytes_(count|sum)|dns_request_duration_seconds_count|plugin_enabled|panics_total|hosts_entries|forward_|proxy_request_duration_seconds_count)/,
      },
      {
        http: '127.0.0.1:{{HTTP}}/metrics',
        keep: /^coredns_dns_(request|response)_size_bytes_bucket\{.*proto="tcp".*le="(0|100|511|16000|64000|\+Inf)"/,
      },
      {
        http: '127.0.0.1:{{HTTP}}/metrics',
        keep: /^coredns_dns_responses_total/,
        deviation: { id: 'responses-plugin', instead: { body: responses } },
      },
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^# (HELP|TYPE) coredns_(dns_|plugin|panics|hosts_entries|proxy_(request|conn))/ },
    ],
  },
  {
    name: 'metrics of the cache and of what no zone answers',
    corefile: corefile`
      test:{{PORT}} {
          prometheus 127.0.0.1:{{HTTP}}
          cache
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [
      'www.test A',
      'www.test A',
      'gone.test A',
      'gone.test A',
      'www.test A +tcp',
      'elsewhere.example A',

      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^coredns_(cache_(entries|hits|misses|requests)|dns_requests_total)/ },
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^# (HELP|TYPE) coredns_cache_(entries|hits|misses|requests)/ },
    ],
  },
  {
    name: 'metrics of upstreams, of stale answers, and of names of this machine',
    corefile: corefile`
      .:{{PORT}} {
          prometheus 127.0.0.1:{{HTTP}}
          local
          cache {
              serve_stale 1h
              success 100 1 1
              servfail 0
          }
          forward . {{UP1}} {
              max_fails 0
          }
      }
    `,
    upstreams: [script],
    steps: [
      'localhost A',
      'localhost AAAA',
      'x.localhost A',
      'localhost.www.test A',
      'www.test A +tcp',
      'gone.test A +tcp',
      'www.test AAAA +do',
      { pause: 2100 },
      { upstream: 1, on: false },
      'www.test A +tcp',
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^coredns_(local_|cache_served_stale_total|cache_(hits|misses|requests)_total).* [1-9]/ },
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^coredns_proxy_request_duration_seconds_count.*rcode="(NOERROR|NXDOMAIN)"/ },
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^# (HELP|TYPE) coredns_(local_|cache_served_stale|forward_|proxy_(request|conn))/ },
    ],
  },
  {
    name: 'metrics of requests that are one too many for an upstream',
    corefile: corefile`
      .:{{PORT}} {
          prometheus 127.0.0.1:{{HTTP}}
          forward . {{UP1}} {
              max_concurrent 1
          }
      }
    `,
    upstreams: [{ '* *': { delay: 400, answer: ['slow.test 60 A 192.0.2.1'] } }],
    steps: [
      { together: ['slow.test A', 'slow.test A', 'slow.test A'] },
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^coredns_(forward_max_concurrent|dns_requests_total|dns_responses_total)/ },
    ],
  },
  {
    name: 'metrics of a question that is rewritten',
    corefile: '.:{{PORT}} {\n    prometheus 127.0.0.1:{{HTTP}}\n    rewrite type HTTPS A\n    hosts {\n        192.0.2.1 a.test\n    }\n}\n',
    steps: [
      'a.test HTTPS',
      'a.test A',
      {
        http: '127.0.0.1:{{HTTP}}/metrics',
        keep: /^coredns_dns_requests_total/,
        deviation: {
          id: 'asked-type',
          instead: ({ body = [] }) => ({
            body: body.flatMap((line) => [line.replace(' 2', ' 1'), line.replace('"A"', '"HTTPS"').replace(' 2', ' 1')]),
          }),
        },
      },
    ],
  },
  {
    name: 'metrics: another path',
    corefile: corefile`
      .:{{PORT}} {
          prometheus 127.0.0.1:{{HTTP}}
          whoami
      }
    `,
    steps: [
      { http: '127.0.0.1:{{HTTP}}/', keep: /never/ },
      { http: '127.0.0.1:{{HTTP}}/metrics', keep: /^coredns_panics_total/ },
    ],
  },
  {
    name: 'metadata for rewrite',
    corefile: corefile`
      .:{{PORT}} {
          metadata
          rewrite edns0 local set 0xff01 {no/such}
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: ['www.test A'],
  },
  {
    name: 'reload takes a changed Corefile and keeps the old one when it is broken',
    files: { hosts: '192.0.2.1 www.example.org\n', other: '192.0.2.2 www.example.org\n' },
    corefile: corefile`
      .:{{PORT}} {
          reload 2s 1s
          hosts {{DIR}}/hosts
      }
    `,
    steps: [
      'www.example.org A',
      { write: 'Corefile', content: '.:{{PORT}} {\n    reload 2s 1s\n    hosts {{DIR}}/other\n}\n' },
      { ask: 'www.example.org A', until: /192\.0\.2\.2/ },
      { write: 'Corefile', content: '.:{{PORT}} {\n    reload 2s 1s\n    nonsense\n}\n' },
      { pause: 3200 },
      'www.example.org A',
    ],
    output: { keep: /Reloading|reload failed/, mask: [[/(reload failed: ).*/s, '$1…']] },
  },
  {
    name: 'loop finds none',
    corefile: corefile`
      .:{{PORT}} {
          loop
          forward . {{UP1}}
      }
    `,
    upstreams: [script],
    steps: [{ pause: 200 }, 'www.test A', 'example.org HINFO'],
  },
];
