// node chroot-build.ts FOLDER, inside of a mount namespace of its own (unshare --mount): follows deploy/docker/Dockerfile step by step without a container engine and
// leaves the root of the image in FOLDER/image. A base image is played by the system of this machine, with the Node that runs this; what the steps write to it goes to FOLDER.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { execForm, type Instruction, ignored, readDockerfile } from '../support/dockerfile.ts';

const context = join(import.meta.dirname, '../..');
const deploy = join(context, 'deploy/docker');
const [folder = ''] = process.argv.slice(2);
const isIgnored = ignored(readFileSync(join(deploy, 'Dockerfile.dockerignore'), 'utf8'));
const run = (program: string, ...words: readonly string[]) => execFileSync(program, words, { stdio: 'inherit' });

interface Place {
  readonly root: string;
  shell: readonly string[];
  workdir: string;
}
const places = new Map<string, Place>();

const steps: Readonly<Record<string, (place: Place, instruction: Instruction) => void>> = {
  SHELL: (place, instruction) => {
    place.shell = execForm(instruction);
  },
  WORKDIR: (place, { words }) => {
    place.workdir = words;
    mkdirSync(join(place.root, words), { recursive: true });
  },
  RUN: ({ root, shell, workdir }, { words }) => {
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
    execFileSync('chroot', [root, ...shell, `cd ${workdir} && ${words}`], { stdio: 'inherit', env });
  },
  COPY: ({ root, workdir }, { flags, words }) => {
    const from = flags['from'] === undefined ? undefined : places.get(flags['from']);
    const all = words.split(/\s+/);
    const target = join(root, workdir, all.at(-1) ?? '');
    for (const source of all.slice(0, -1)) {
      // cp keeps the capabilities of files, as COPY --from does.
      if (from !== undefined) run('cp', '--archive', `${join(from.root, source)}/.`, target);
      else if (source === '.') cpSync(context, target, { recursive: true, filter: (path) => !isIgnored(relative(context, path)) });
      else copyFileSync(join(context, source), join(target, basename(source)));
    }
  },
};

for (const { base, name, instructions } of readDockerfile(readFileSync(join(deploy, 'Dockerfile'), 'utf8'))) {
  const place = { root: join(folder, base === 'scratch' ? 'image' : name), shell: ['/bin/sh', '-c'], workdir: '/' };
  places.set(name, place);
  mkdirSync(place.root);
  if (base !== 'scratch') playBase(place.root);
  for (const instruction of instructions) steps[instruction.name]?.(place, instruction);
}

/** Lays the system of this machine, which is not changed, under an empty root. */
function playBase(root: string): void {
  for (const name of ['tmp', 'root', 'proc', 'dev']) mkdirSync(join(root, name));
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const name of ['bin', 'sbin', 'lib', 'lib64'].filter((each) => lstatSync(`/${each}`, { throwIfNoEntry: false })?.isSymbolicLink())) {
    symlinkSync(readlinkSync(`/${name}`), join(root, name));
  }
  for (const name of ['usr', 'etc', 'var']) {
    const [upper, work, target] = [join(folder, `upper-${name}`), join(folder, `work-${name}`), join(root, name)];
    for (const each of [upper, work, target]) mkdirSync(each, { recursive: true });
    run('mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=/${name},upperdir=${upper},workdir=${work}`, target);
  }
  for (const name of ['proc', 'dev']) run('mount', '--rbind', `/${name}`, join(root, name));
  copyFileSync(process.execPath, join(root, 'usr/local/bin/node'));
  const settings = join(homedir(), '.npmrc');
  if (existsSync(settings)) copyFileSync(settings, join(root, 'root/.npmrc'));
}
