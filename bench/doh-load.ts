// What dnsperf is for the other transports, for DNS over HTTPS: dnsperf 2.10 gives up when two answers come at once on one connection. Takes some of its
// options, sends GET requests by HTTP/2, and prints the lines of its statistics that the bench reads.
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { parseArgs } from 'node:util';
import { encodeQuery } from './query.ts';

const { values } = parseArgs({
  options: {
    s: { type: 'string', short: 's', default: '127.0.0.1' },
    p: { type: 'string', short: 'p', default: '443' },
    d: { type: 'string', short: 'd', default: '' },
    n: { type: 'string', short: 'n' },
    l: { type: 'string', short: 'l', default: '30' },
    c: { type: 'string', short: 'c', default: '10' },
    q: { type: 'string', short: 'q', default: '100' },
    t: { type: 'string', short: 't', default: '1' },
    Q: { type: 'string', short: 'Q' },
    v: { type: 'boolean', short: 'v', default: false },
  },
});
const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const paths = readFileSync(values.d, 'utf8')
  .trim()
  .split('\n')
  .map((line) => `/dns-query?dns=${encodeQuery(0, line.split(' ')[0] ?? '').toString('base64url')}`);
const sessions = await Promise.all(Array.from({ length: Number(values.c) }, open));
const begun = performance.now();
const end = begun + Number(values.l) * 1000;
const last = values.n === undefined ? Number.POSITIVE_INFINITY : Number(values.n) * paths.length;
const interval = values.Q === undefined ? 0 : 1000 / Number(values.Q);
const answers = new Map<string, number>();
const latencies: string[] = [];
let sent = 0;
let lost = 0;

await Promise.all(Array.from({ length: Number(values.q) }, (_, worker) => ask(sessions[worker % sessions.length] as ClientHttp2Session)));
const seconds = (performance.now() - begun) / 1000;
for (const session of sessions) session.destroy();
const codes = [...answers].map(([code, count]) => `${code} ${count} (0.00%)`).join(', ');
const completed = [...answers.values()].reduce((sum, count) => sum + count, 0);
process.stdout.write(
  `${latencies.join('')}\nStatistics:\n\n  Queries sent: ${sent}\n  Queries completed: ${completed}\n  Queries lost: ${lost}\n` +
    `  Response codes: ${codes}\n  Run time (s): ${seconds.toFixed(6)}\n`,
);

function open(): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(`https://${values.s}:${values.p}`, { rejectUnauthorized: false });
    session.once('connect', () => resolve(session));
    session.on('error', reject);
  });
}

/** One query after another, each when the one before has its answer and, with a rate, not before its time. */
async function ask(session: ClientHttp2Session): Promise<void> {
  while (sent < last && performance.now() < end) {
    const number = sent++;
    const due = begun + number * interval;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    const start = performance.now();
    const code = await answerTo(session, paths[number % paths.length] ?? '');
    if (code === undefined) lost++;
    else answers.set(code, (answers.get(code) ?? 0) + 1);
    if (values.v && code !== undefined) latencies.push(`> ${code} name A ${((performance.now() - start) / 1000).toFixed(6)}\n`);
  }
}

/** The response code; undefined when no answer has come in time. */
function answerTo(session: ClientHttp2Session, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = session.request({ ':path': path, accept: 'application/dns-message' });
    let head: Buffer | undefined;
    request.setTimeout(Number(values.t) * 1000, () => request.close(constants.NGHTTP2_CANCEL));
    request.on('data', (bytes: Buffer) => {
      head ??= bytes;
    });
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(head === undefined || head.length < 12 ? undefined : rcodes[head.readUInt8(3) & 15]));
  });
}
