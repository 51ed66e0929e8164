// Several server blocks for one zone, chosen by expressions.
import { corefile, type Deviation, type ParityCase, type Step, spelled } from '../case.ts';

/** One server block that answers every name with an address. */
function answering(address: string, ...lines: readonly string[]): string {
  return `.:{{PORT}} {\n  ${lines.join('\n  ')}\n  hosts {\n    ${address} www.example.org host.example.org a.test\n  }\n}\n`;
}

function chosenBy(expression: string): string {
  return answering('192.0.2.1', 'view first {', `  expr ${expression}`, '}') + answering('192.0.2.2');
}

const steps: readonly Step[] = [
  'www.example.org A',
  spelled('WWW.example.org A'),
  'a.test A +tcp',
  'host.example.org A +edns=1400 +do',
  'host.example.org AAAA',
  'nobody.example.org A',
];

/** Expressions that are evaluated alike for all of the questions. */
const expressions: Readonly<Record<string, string>> = {
  'a name': "name() == 'www.example.org.'",
  'a name in quotes within quotes': '"name() == \'www.example.org.\'"',
  types: "type() in ['A', 'TXT']",
  'not in': "type() not in ['A']",
  'a class': "class() == 'IN'",
  'a transport': "proto() == 'tcp'",
  'DO and size': 'do() && bufsize() > 1000',
  'a size': 'size() <= 33',
  'the client': "incidr(client_ip(), '127.0.0.0/8')",
  'the client, elsewhere': "incidr(client_ip(), '10.0.0.0/8') or incidr(client_ip(), '2001:db8::/32')",
  'id, opcode and port': "id() >= 0 && opcode() == 0 && port() != ''",
  'no metadata': "metadata('nobody/knows') == ''",
  'a pattern': "name() matches '^(www|a)\\\\.'",
  'starts and ends': "name() startsWith 'www' || name() endsWith '.test.'",
  contains: "name() contains 'host'",
  'not contains': "not (name() contains 'host')",
  'not before an operator': "name() not contains 'host'",
  'a choice': "type() == 'A' ? do() : true",
  'a range': 'len(name()) in 1..7',
  arithmetic: 'len(name()) * 2 - 1 > 2 ** 4 && 7 % 4 == 3 && 7 / 2 == 3.5',
  precedence: 'true || false && false',
  'a chain of comparisons': '6 < len(name()) < 17',
  texts: "lower(upper(trim(name(), '.'))) + '.' == name()",
  'a pipe': "(name() | split('.') | len()) == 4",
  elements: "\"any(['www.', 'a.'], {name() startsWith #})\"",
  filtered: "\"len(filter(split(name(), '.'), # != '')) == 2\"",
  'a variable': "let n = name(); n == 'a.test.'",
  'an item': "split(name(), '.')[0] == 'host' && split(name(), '.')[-2] == 'org'",
  'a slice': "name()[0:3] == 'www'",
  'a map': "name() in {'www.example.org.': 1, 'a.test.': 2}",
  'if and else': '"if do() { true } else { name() == \'a.test.\' }"',
  'a comment': 'do() /* as validators ask */',
  'no bool': '1',
  'an address that is none': "incidr('nobody', '192.0.2.0/24')",
  'an item that is not there': "split(name(), '.')[9] == ''",
  'a remainder by nothing': 'len(name()) % (len(name()) - len(name())) == 0',
  'hexadecimal and others': '0x10 + 0o10 + 0b10 + 1_0 == 36',
  escapes: "'\\x77ww.example.org.' == name()",
  functions: "hasPrefix(name(), 'www') or indexOf(name(), 'test') == 2 or repeat('a', 2) == name()",
  numbers: 'max(1, len(name())) == 7 || abs(-3) == 4 || int(server_port()) < 1',
  arrays: "first(split(name(), '.')) == 'a' or last([1, 2]) == 3 or join(['a', 'b'], '-') == 'a-c'",
};

const refused: Readonly<Record<string, string>> = {
  'a name in double quotes, which the Corefile takes off': 'name() == "www.example.org."',
  'no nil': "nil ?? 'x' == 'x'",
  'two values': 'invalid expression',
  'a function that is not there': "nobody() == 'x'",
  'a function without parentheses': "name == 'x'",
  'types that do not go together': 'server_port() == 53',
  'not binds tighter': "not name() == 'x'",
  'no end': "(name() == 'x'",
  'a text without end': "name() == 'x",
  'a malformed pattern': "name() matches '['",
  'too many arguments': "name('x')",
  'an argument of another type': 'incidr(1, 2)',
  'mixed with ??': "name() ?? 'x' == 'y' and true",
  'an operator that is not there': "name() === 'x'",
  'an element outside': 'len(#) > 1',
};

const last: Deviation = {
  id: 'view-last',
  instead: ({ answer = [] }) => ({ answer: answer.map((record) => record.replace('192.0.2.2', '192.0.2.1')) }),
};

export const cases: readonly ParityCase[] = [
  ...Object.entries(expressions).map(([name, expression]) => ({ name: `chosen by: ${name}`, corefile: chosenBy(expression), steps })),
  ...Object.entries(refused).map(([name, expression]) => ({ name: `refused: ${name}`, corefile: chosenBy(expression), load: true as const })),
  {
    name: 'several expressions must all hold, and the first view that takes the query answers',
    corefile:
      answering('192.0.2.1', 'view first {', "  expr type() == 'A'", "  expr name() endsWith '.org.'", '}') +
      answering('192.0.2.2', 'view second {', "  expr type() == 'A'", '}') +
      answering('192.0.2.3', 'view third {', '  expr true', '}'),
    steps,
  },
  {
    name: 'a question for DS is taken by the first view',
    corefile:
      'test:{{PORT}} {\n    view first {\n        expr true\n    }\n    hosts {\n        192.0.2.1 a.test\n    }\n}\n' +
      'test:{{PORT}} {\n    view second {\n        expr true\n    }\n    whoami\n}\n',
    steps: [{ ask: 'a.test DS', deviation: { id: 'view-ds', instead: { additional: [] } } }, 'a.test MX'],
  },
  ...['bufsize', 'cancel', 'metadata', 'view all'].map((plugin) => ({
    name: `a server block of nothing but ${plugin}`,
    corefile: `.:{{PORT}} {\n    ${plugin}\n}\n`,
    steps: [{ ask: 'a.test A', deviation: { id: 'nobody-answers', instead: { reply: 'REFUSED rd' } } }],
  })),
  { name: 'a view without an expression takes every query', corefile: answering('192.0.2.1', 'view all') + answering('192.0.2.2'), steps },
  {
    name: 'where all views decline, the next longest zone answers',
    corefile: corefile`
      example.org:{{PORT}} {
        view nobody {
          expr false
        }
        hosts {
          192.0.2.1 www.example.org
        }
      }
      org:{{PORT}} {
        view types {
          expr type() == 'A'
        }
        hosts {
          192.0.2.2 www.example.org
        }
      }
      test:{{PORT}} {
        view never {
          expr type() == 'MX'
        }
        whoami
      }
      .:{{PORT}} {
        view tcp {
          expr proto() == 'tcp'
        }
        hosts {
          192.0.2.3 www.example.org a.test
        }
      }
    `,
    steps: ['www.example.org A', 'www.example.org AAAA +tcp', 'www.example.org AAAA', 'a.test A', 'a.test A +tcp'],
  },
  {
    name: 'DS is looked for above, views or not',
    corefile: corefile`
      example.org:{{PORT}} {
        view ds {
          expr type() == 'DS'
        }
        whoami
      }
      org:{{PORT}} {
        view all {
          expr true
        }
        hosts {
          192.0.2.2 www.example.org
        }
      }
    `,
    steps: ['example.org DS', 'example.org A', 'www.example.org DS'],
  },
  {
    name: 'metadata is there before the choice, and tells the view',
    corefile: `.:{{PORT}} {
  metadata
  view first {
    expr metadata('view/name') == 'first' && name() == 'www.example.org.'
  }
  log . "first {name} {/view/name}"
  whoami
}
.:{{PORT}} {
  metadata
  log . "other {name} {/view/name}"
  whoami
}
`,
    steps: ['www.example.org A', 'host.example.org A'],
    output: { keep: /(first|other) /, mask: [[/^.*\[INFO\] /, '']] },
  },
  {
    name: 'metrics tell the view',
    corefile: `.:{{PORT}} {
  prometheus 127.0.0.1:{{HTTP}}
  view first {
    expr name() == 'www.example.org.'
  }
  cache 30
  hosts {
    192.0.2.1 www.example.org
  }
}
.:{{PORT}} {
  prometheus 127.0.0.1:{{HTTP}}
  cache 30
  hosts {
    192.0.2.2 host.example.org
  }
}
`,
    steps: [
      'www.example.org A',
      'www.example.org A',
      'host.example.org A',
      { http: '{{HTTP}}/metrics', keep: /^coredns_(dns_requests_total|cache_hits_total)/ },
    ],
  },
  {
    name: 'the block without a view stands first',
    corefile: answering('192.0.2.2') + answering('192.0.2.1', 'view first {', "  expr name() == 'www.example.org.'", '}'),
    steps: [{ ask: 'www.example.org A', deviation: last }, 'host.example.org A'],
  },
  {
    name: 'chosen by the address and port that were asked',
    corefile:
      answering('192.0.2.1', 'bind 127.0.0.1', 'view first {', "  expr server_ip() == '127.0.0.1' and server_port() != '53'", '}') +
      answering('192.0.2.2', 'bind 127.0.0.1'),
    steps,
  },
  { name: 'two views in a block', corefile: answering('192.0.2.1', 'view first', 'view second'), load: true },
  { name: 'a view without a name', corefile: answering('192.0.2.1', 'view'), load: true },
  { name: 'another option', corefile: answering('192.0.2.1', 'view first {', '  when true', '}'), load: true },
  { name: 'an expression that is missing', corefile: answering('192.0.2.1', 'view first {', '  expr', '}'), load: true },
];
