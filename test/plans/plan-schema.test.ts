// The JSON Schema of plan files and their reader hold the same files for right.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigErrors } from '../../src/config/error.ts';
import { planSchema, readPlanFile } from '../../src/plans/plan-file.ts';

const validate = new Ajv2020({ strict: false }).compile(planSchema());

function isRead(text: string): boolean {
  try {
    readPlanFile(text, 'plan.yaml');
    return true;
  } catch (error) {
    if (error instanceof ConfigErrors) return false;
    throw error;
  }
}

const from = 'from: 192.0.2.1\n';
const to = 'to: 192.0.2.2\n';
const head = `names: www.example.org\n${from}${to}`;
const exclusive = `${head}mode: exclusive\nfence: [exec, /bin/true]\n`;

describe('right to both:', () => {
  test.each([
    head,
    `name: www.example.org\n${from}${to}`,
    `name: [www.example.org, from, 192.0.2.1, to, 192.0.2.2]\n`,
    `name: [[a.example.org], [b.example.org, to, 192.0.2.3]]\n${from}${to}`,
    `names: [a.example.org, b.example.org]\n${from}${to}`,
    `names: [1, true]\nplan: 5\n${from}${to}`,
    `names: { a.example.org: { from: 192.0.2.1, to: [192.0.2.2, 192.0.2.3] } }\n`,
    `names: { a.example.org: { to: 192.0.2.3 }, b.example.org: { to: [pool, b.example] } }\n${from}`,
    `names: { a.example.org: , b.example.org: {} }\n${from}${to}`,
    `names: a.example.org\nfrom: [192.0.2.1, 192.0.2.3]\nto: other.example.org\n`,
    `${head}plan: move-1_a.b\n`,
    `${head}ttl: 60\ntransition_ttl: 5\n`,
    `${head}ttl: "60"\n`,
    `${head}hold: 5s\nslack: 1m30s\npace: 0\nsession: "10s"\n`,
    `${head}hold: "0"\n`,
    `${head}weight: 100\n`,
    `${head}weight: 12.5%\n`,
    `${head}weight: 0.125\n`,
    `${head}weight: [50]\n`,
    `${head}canary: [1, 10%, "50"]\n`,
    `${head}canary: 10\n`,
    `${head}caches: jvm 30s\n`,
    `${head}caches: [jvm, 30s, clamp, 1m]\n`,
    `${head}check: [to, tcp, 443]\nrole: new\n`,
    `${head}check: [[to, tcp, 443], [from, http, ":80/", 200]]\nrollback: auto\nrollback_after: 1m\n`,
    `${head}gate: [[http, "http://127.0.0.1/"], [exec, /bin/true, --all, true]]\n`,
    `${head}handback: on\nadvance: auto\nstore: [etcd, "http://127.0.0.1:2379"]\nskew: 1s\n`,
    `${exclusive}fence_timeout: 30s\ncountdown: 10s\n`,
    `${exclusive}fence_did_nothing: [1, 75]\n`,
    'a: &t 192.0.2.1\n'.replace('a: &t 192.0.2.1', 'names: &n www.example.org').concat(`plan: *n\n${from}${to}`),
  ])('%s', (text) => {
    expect({ schema: validate(parse(text)), reader: isRead(text) }, JSON.stringify(validate.errors)).toEqual({ schema: true, reader: true });
  });
});

describe('wrong to both:', () => {
  test.each([
    from + to,
    'names: www.example.org\n',
    `names: www.example.org\n${from}`,
    `names: { a.example.org: { from: 192.0.2.1 } }\n${from}`,
    `names: { a.example.org: { from: 192.0.2.1, to: 192.0.2.2 }, b.example.org: }\n`,
    `names: []\n${from}${to}`,
    `names: {}\n${from}${to}`,
    `names: ~\n${from}${to}`,
    `names: true\n${from}${to}`,
    `names: false\n${from}${to}`,
    `names: [~]\n${from}${to}`,
    `names: [[a.example.org], [b.example.org]]\n${from}${to}`,
    `names: { a.example.org: [from, 192.0.2.1, to, 192.0.2.2] }\n`,
    `names: { a.example.org: 192.0.2.1 }\n${from}${to}`,
    `names: { a.example.org: { from: [192.0.2.1, to, 192.0.2.2] } }\n${to}`,
    `names: { a.example.org: { from: [] } }\n${from}${to}`,
    `names: { a.example.org: { from: } }\n${from}${to}`,
    `names: { a.example.org: { form: 192.0.2.1 } }\n${from}${to}`,
    `${head}names2: x\n`,
    `names: a.example.org\nfrom: []\n${to}`,
    `names: a.example.org\nfrom: [[192.0.2.1], [192.0.2.3]]\n${to}`,
    `names: a.example.org\nfrom: [192.0.2.1, [192.0.2.3]]\n${to}`,
    `names: a.example.org\nfrom: [192.0.2.1, ~]\n${to}`,
    `names: a.example.org\nfrom: { a: 192.0.2.1 }\n${to}`,
    `${head}plan: x/y\n`,
    `${head}plan: events\n`,
    `${head}plan: ""\n`,
    `${head}plan: [a, b]\n`,
    `${head}ttl: 0\n`,
    `${head}ttl: "0"\n`,
    `${head}ttl: -5\n`,
    `${head}ttl: 1.5\n`,
    `${head}ttl: 4294967296\n`,
    `${head}ttl: 60s\n`,
    `${head}ttl: [[60], [30]]\n`,
    `${head}ttl: ~\n`,
    `${head}hold: 5\n`,
    `${head}hold: "5"\n`,
    `${head}hold: -5s\n`,
    `${head}fence_timeout: 0\n`,
    `${exclusive}fence_did_nothing: [0]\n`,
    `${exclusive}fence_did_nothing: [256]\n`,
    `${head}weight: 101\n`,
    `${head}weight: -1\n`,
    `${head}weight: "101%"\n`,
    `${head}weight: half\n`,
    `${head}canary: []\n`,
    `${head}canary: [10, 200]\n`,
    `${head}canary: [[10], [20]]\n`,
    `${head}handback: false\n`,
    `${head}handback: true\n`,
    `${head}handback: yes\n`,
    `${head}role: master\n`,
    `${head}mode: true\n`,
    `${head}caches: []\n`,
    `${head}caches: [[jvm, 30s], [pool, 30s]]\n`,
    `${head}check: []\n`,
    `${head}check: [[]]\n`,
    `${head}check: [[to, tcp, 80], ~]\n`,
    `${head}check: [both, tcp, 80]\n`,
    `${head}gate: exec\n`,
    `${head}fence: exec\n`,
    `${head}fence: [[exec, /bin/a], [exec, /bin/b]]\n`,
    `${head}fence: [exec, /bin/fence, ~]\n`,
    `${head}store: []\n`,
    `${head}journal: /tmp/x\n`,
    '- names\n',
    'names\n',
    '',
  ])('%s', (text) => {
    expect({ schema: validate(parse(text)), reader: isRead(text) }).toEqual({ schema: false, reader: false });
  });
});
