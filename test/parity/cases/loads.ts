// Corefiles that must be accepted, or refused at the line CoreDNS names: the language, and the options of every plugin.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Deviation, LoadCase } from '../case.ts';

/** A whole Corefile. `says` is a piece of the message that must be there. */
const whole = (name: string, corefile: string, says?: string, files?: Record<string, string>): LoadCase => ({
  load: true,
  name,
  corefile,
  ...(says === undefined ? {} : { says }),
  ...(files === undefined ? {} : { files }),
});
/** One directive in a block; its first line is line 2. */
const one = (directive: string): LoadCase => whole(directive, `.:{{PORT}} {\n${directive.replaceAll(' ; ', '\n')}\n}\n`, undefined, files);

const files = {
  hosts: '192.0.2.1 a.test\n',
  'resolv.conf': 'nameserver 192.0.2.53\nnameserver 192.0.2.54\n',
  'empty.conf': 'search a.test\n',
  weights: 'a.test\n192.0.2.1 1\n',
};

const language: readonly LoadCase[] = [
  whole('an unknown directive', '.:{{PORT}} {\n    errors\n    nonsense\n}\n', "unknown directive 'nonsense'"),
  whole(
    'an unknown directive in the second block',
    'a.test:{{PORT}} {\n    whoami\n}\n\nb.test:{{PORT}} {\n    # comment\n    whoamii\n}\n',
    "unknown directive 'whoamii'",
  ),
  whole('the old proxy', '.:{{PORT}} {\n    proxy . 192.0.2.1\n}\n', "unknown directive 'proxy'"),
  whole('a comma after a quoted key', '"a.test:{{PORT}}", b.test:{{PORT}} {\n    whoami\n}\n'),
  whole('a missing closing brace', '.:{{PORT}} {\n    whoami\n'),
  whole('a closing brace too many', '.:{{PORT}} {\n    whoami\n}\n}\n'),
  whole('an opening brace on its own line', '.:{{PORT}}\n{\n    whoami\n}\n'),
  whole('a key that touches its brace', '.:{{PORT}}{\n    whoami\n}\n'),
  whole('a comma at the end of the keys', '.:{{PORT}}, {\n    whoami\n}\n'),
  whole('the same zone twice', '.:{{PORT}} {\n    whoami\n}\n.:{{PORT}} {\n    whoami\n}\n'),
  whole('the same zone twice in one line, in another case', 'a.test:{{PORT}} A.TEST:{{PORT}} {\n    whoami\n}\n'),
  whole('the same zone on two ports', 'a.test:{{PORT}} a.test:{{PORT2}} {\n    whoami\n}\n'),
  whole(
    'the same zone on two addresses',
    'a.test:{{PORT}} {\n    bind 127.0.0.1\n    whoami\n}\na.test:{{PORT}} {\n    bind 127.0.0.2\n    whoami\n}\n',
  ),
  whole('the same zone on one address and on all', 'a.test:{{PORT}} {\n    bind 127.0.0.1\n    whoami\n}\na.test:{{PORT}} {\n    whoami\n}\n'),
  whole('a bad port', '.:99999 {\n    whoami\n}\n'),
  whole('an empty port', 'a.test: {\n    whoami\n}\n'),
  whole('a range of ports', '.:1053-1055 {\n    whoami\n}\n'),
  whole('an unknown scheme', 'ftp://a.test:{{PORT}} {\n    whoami\n}\n'),
  whole('a label of 64 bytes', `${'a'.repeat(64)}.test:{{PORT}} {\n    whoami\n}\n`),
  whole('a zone of more than 255 bytes', `${'abcdefgh.'.repeat(30)}test:{{PORT}} {\n    whoami\n}\n`),
  whole('an empty label', 'a..test:{{PORT}} {\n    whoami\n}\n'),
  whole('a network with a bad prefix', '10.0.0.0/33:{{PORT}} {\n    whoami\n}\n'),
  whole('a network with host bits', '10.0.0.7/24:{{PORT}} {\n    whoami\n}\n'),
  whole('an import of a file that is not there', '.:{{PORT}} {\n    whoami\n    import missing.conf\n}\n', 'file to import not found'),
  whole('an import without an argument', '.:{{PORT}} {\n    import\n}\n'),
  whole('an import with two arguments', '(a) {\n    whoami\n}\n.:{{PORT}} {\n    import a b\n}\n'),
  whole('an import of a glob that matches nothing', '.:{{PORT}} {\n    whoami\n    import nothing/*.conf\n}\nimport nothing/*.server\n'),
  whole('an import with two stars', '.:{{PORT}} {\n    import a*/*.conf\n}\n'),
  whole('an import of a folder', '.:{{PORT}} {\n    import parts\n}\n', undefined, { 'parts/a.conf': 'whoami\n' }),
  whole('an error in an imported file', '.:{{PORT}} {\n    import part.conf\n}\n', undefined, { 'part.conf': 'whoami\n\nnonsense\n' }),
  whole('a snippet twice', '(a) {\n    whoami\n}\n(a) {\n    errors\n}\n.:{{PORT}} {\n    import a\n}\n'),
  whole('a snippet that imports itself', '(a) {\n    import a\n}\n.:{{PORT}} {\n    import a\n}\n'),
  whole('a snippet without braces', '(a)\nwhoami\n'),
  whole('only comments', '# nothing\n.:{{PORT}} {\n    # nothing\n}\n'),
  whole('a quoted brace', '.:{{PORT}} {\n    "{"\n}\n'),
  whole('an open quote', '.:{{PORT}} {\n    hosts "a\n}\n'),
  whole('a block in one line', '.:{{PORT}} { whoami }\n'),
  whole('two blocks without braces', '.:{{PORT}}\nwhoami\na.test:{{PORT2}}\nwhoami\n'),
  whole('one-line options with a fixed number of arguments', '.:{{PORT}} {\n    forward . 192.0.2.1 { max_concurrent 1000 }\n}\n'),
  whole('one-line options with the rest of the line', '.:{{PORT}} {\n    health :{{HTTP}} { lameduck 5s }\n}\n'),
  whole('the tokens {}', '.:{{PORT}} {\n    errors {}\n}\n'),
  whole('an empty block of options', '.:{{PORT}} {\n    errors {\n    }\n}\n'),
  whole('a byte order mark', '\ufeff.:{{PORT}} {\n    whoami\n}\n'),
  whole('a nested block', '.:{{PORT}} {\n    cache {\n        success 100 {\n        }\n    }\n}\n'),
  whole('a plugin twice that may be there once', '.:{{PORT}} {\n    cache\n    whoami\n    cache\n}\n', 'only be used once per server block'),
  whole(
    'hosts twice, the second from an import',
    '.:{{PORT}} {\n    hosts {{DIR}}/hosts\n    import more.conf\n}\n',
    'only be used once per server block',
    { hosts: '', 'more.conf': '\nhosts {{DIR}}/hosts\n' },
  ),
];

/** One directive a line, as the body of a block; ` ; ` stands for a new line. */
const directives = readFileSync(join(import.meta.dirname, 'directives.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '');

const accepted = (id: string): Deviation => ({ id, instead: { accepted: true } });
const refused = (id: string): Deviation => ({ id, instead: { accepted: false } });
const atLine = (line: number): Deviation => ({ id: 'error-line', instead: { line } });

/** Wanted differences by the name of the case. */
const deviations: Readonly<Record<string, Deviation>> = {
  'a comma after a quoted key': accepted('syntax-superset'),
  'a block in one line': accepted('syntax-superset'),
  'one-line options with the rest of the line': accepted('syntax-superset'),
  'the tokens {}': accepted('syntax-superset'),
  'whoami { ; }': accepted('syntax-superset'),
  'cache { ; serve_stale verify ; }': accepted('syntax-superset'),
  'an unknown scheme': refused('bad-keys'),
  'a network with a bad prefix': refused('bad-keys'),
  'a snippet that imports itself': atLine(2),
  'timeouts { ; }': atLine(2),
  'hosts {{DIR}}/hosts { ; fallthrough_unsupported ; }': atLine(3),
  'any { ; x ; }': atLine(3),
  'header { ; }': atLine(2),
  'cache { ; success 100 10 20 30 ; }': refused('ignored-arguments'),
  'acl { ; allow ; } word': refused('ignored-arguments'),
  'forward . 192.0.2.1:99999': refused('bad-ports'),
  'forward . 192.0.2.1:x': refused('bad-ports'),
};

export const cases: readonly LoadCase[] = [...language, ...directives.map(one)].map((each) => {
  const deviation = deviations[each.name];
  return deviation === undefined ? each : { ...each, deviation };
});
