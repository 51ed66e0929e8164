// The image as its Dockerfile states it. That it builds and serves: npm run test:image.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { execForm, ignored, readDockerfile } from '../support/dockerfile.ts';

const root = join(import.meta.dirname, '../..');
const stages = readDockerfile(readFileSync(join(root, 'deploy/docker/Dockerfile'), 'utf8'));
const [build, image] = stages;
const lookUp = (name: string) => image?.instructions.filter((instruction) => instruction.name === name) ?? [];
const isIgnored = ignored(readFileSync(join(root, 'deploy/docker/Dockerfile.dockerignore'), 'utf8'));

describe('the image', () => {
  test('is made in two stages, of which the second begins with nothing', () => {
    expect(stages.map(({ base }) => base)).toEqual([expect.stringMatching(/^node:\d+-[a-z]+-slim$/), 'scratch']);
  });

  test('is built by the Node that the program is tested with', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(build?.base).toMatch(new RegExp(`^node:${devDependencies.node.split('.')[0]}-`));
  });

  test('runs as a user other than root, whose number Kubernetes can compare', () => {
    expect(lookUp('USER').map(({ words }) => words)).toEqual(['65532:65532']);
  });

  test('is started as that of CoreDNS: /coredns in /, and every word is a flag', () => {
    expect(lookUp('ENTRYPOINT').map(execForm)).toEqual([['/coredns']]);
    expect(lookUp('WORKDIR').map(({ words }) => words)).toEqual(['/']);
    expect(lookUp('CMD')).toEqual([]);
    expect(lookUp('EXPOSE').map(({ words }) => words)).toEqual(['53 53/udp']);
  });

  test('holds nothing but what the first stage has made, and runs nothing', () => {
    expect(lookUp('COPY').map(({ flags, words }) => ({ flags, words }))).toEqual([{ flags: { from: build?.name }, words: '/image/ /' }]);
    expect(lookUp('RUN')).toEqual([]);
  });
});

describe('the context', () => {
  test('has every file that is copied, and what the build reads is not left out', () => {
    const sources = build?.instructions.filter(({ name }) => name === 'COPY').flatMap(({ words }) => words.split(/\s+/).slice(0, -1)) ?? [];
    expect(sources.filter((source) => !existsSync(join(root, source)) || isIgnored(source))).toEqual([]);
    const needed = [
      'src/main.ts',
      'plugins/index.ts',
      'scripts/build.ts',
      'tsconfig.build.json',
      'docs/admin-api.yaml',
      'deploy/kubernetes',
      'bench/README.md',
    ];
    expect(needed.filter((file) => !existsSync(join(root, file)) || isIgnored(file))).toEqual([]);
  });

  test('has nothing that was built here', () => {
    const left = ['node_modules', 'examples/node_modules/x', '.git/config', 'dist/src/main.js', 'ferrydns-0.1.0.tgz', 'a/ferrydns-migrations'];
    expect(left.filter((path) => !isIgnored(path))).toEqual([]);
  });
});

test('a Dockerfile that is not read whole is refused with its line', () => {
  expect(() => readDockerfile('FROM a AS b\n# x\nONBUILD RUN x')).toThrow('line 3: an instruction that is not known here: ONBUILD RUN x');
  expect(() => readDockerfile('RUN a\n')).toThrow('line 1: RUN before the first FROM');
  const [stage] = readDockerfile('FROM a\nRUN a \\\n  b\nENTRYPOINT c d\n');
  expect(stage?.instructions.map(({ line, words }) => [line, words])).toEqual([
    [2, 'a   b'],
    [4, 'c d'],
  ]);
  expect(() => stage?.instructions.slice(1).map(execForm)).toThrow('line 4: ENTRYPOINT is not in exec form');
});
