// npm run parity:record [-- TOPIC…]: runs every parity case against the real CoreDNS and writes test/parity/recorded/TOPIC.json.
// The binary comes from the environment variable COREDNS, else it is installed once through the Go module proxy.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observation, ParityCase, Recording } from './case.ts';
import { topics } from './cases/index.ts';
import { sameShares, typeOf } from './compare.ts';
import { observe } from './observe.ts';
import { coredns } from './subject.ts';

const VERSION = '1.14.7';
const binary = findBinary();
const version = execFileSync(binary, ['-version'], { encoding: 'utf8' });
if (!version.includes(VERSION)) fail(`${binary} is not CoreDNS ${VERSION}, but: ${version.trim()}`);

const subject = coredns(binary);
const wanted = process.argv.slice(2);
for (const [topic, cases] of Object.entries(topics)) {
  if (wanted.length > 0 && !wanted.includes(topic)) continue;
  const file = join(import.meta.dirname, 'recorded', `${topic}.json`);
  const before: Readonly<Record<string, Recording>> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const recordings: Record<string, Recording> = {};
  for (const parityCase of cases) {
    if (recordings[parityCase.name] !== undefined) fail(`${topic}: two cases are named "${parityCase.name}"`);
    const recording = await observe(subject, parityCase);
    recordings[parityCase.name] = stable(parityCase, recording, before[parityCase.name]);
    const said = recording.load?.message?.toLowerCase() ?? '';
    if ('load' in parityCase && parityCase.says !== undefined && !said.includes(parityCase.says.toLowerCase())) {
      fail(`${topic}: "${parityCase.name}" expects the message to say "${parityCase.says}", CoreDNS says "${said}"`);
    }
  }
  await writeFile(file, `${JSON.stringify(recordings, undefined, 2)}\n`);
  process.stdout.write(`${topic}: ${cases.length} cases\n`);
}

/** Takes out of a recording what differs from run to run: the order where it does not count, and shares that chance moved a little. */
function stable(parityCase: ParityCase, recording: Recording, before: Recording | undefined): Recording {
  if ('load' in parityCase || recording.steps === undefined) return recording;
  const steps = recording.steps.map((observation, index): Observation => {
    const step = parityCase.steps[index];
    const order = (typeof step === 'object' ? step.order : undefined) ?? parityCase.order ?? 'any';
    const { answer, shares } = observation;
    const earlier = before?.steps?.[index]?.shares;
    return {
      ...observation,
      ...(answer === undefined ? {} : { answer: sortedAnswer(answer, order) }),
      ...(shares !== undefined && earlier !== undefined && sameShares(earlier, shares) ? { shares: earlier } : {}),
    };
  });
  return { ...recording, steps };
}

function sortedAnswer(answer: readonly string[], order: 'any' | 'types' | 'exact'): readonly string[] {
  if (order === 'exact') return answer;
  return order === 'any' ? [...answer].sort() : sortedWithinTypes(answer);
}

function sortedWithinTypes(lines: readonly string[]): string[] {
  const types = [...new Set(lines.map(typeOf))];
  return types.flatMap((type) => lines.filter((line) => typeOf(line) === type).sort());
}

function findBinary(): string {
  const given = process.env['COREDNS'];
  if (given !== undefined) return given;
  const folder = join(import.meta.dirname, '../../node_modules/.cache/coredns', VERSION);
  const installed = join(folder, 'coredns');
  if (existsSync(installed)) return installed;
  if (spawnSync('go', ['version']).error !== undefined) {
    fail(
      `Go is missing: CoreDNS ${VERSION} is compiled from its module.\n` +
        'Install Go 1.25 or later (https://go.dev/dl/, or your package manager\'s "golang"), then run this again;\n' +
        `or name a CoreDNS ${VERSION} binary: COREDNS=/path/to/coredns npm run parity:record`,
    );
  }
  process.stdout.write(`installing CoreDNS ${VERSION} into ${folder}; this takes some minutes\n`);
  const env = { ...process.env, GOBIN: folder };
  const install = spawnSync('go', ['install', `github.com/coredns/coredns@v${VERSION}`], { env, stdio: 'inherit' });
  if (install.status !== 0) fail('go install failed, see above');
  return installed;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
