// A Dockerfile as data: as much of the format as deploy/docker/Dockerfile uses, and an error for the rest.

export interface Instruction {
  readonly line: number;
  /** In capital letters. */
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly words: string;
}

/** What lies between one FROM and the next. */
export interface Stage {
  readonly base: string;
  /** After AS; the number of the stage where there is none. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

const known = ['FROM', 'WORKDIR', 'SHELL', 'RUN', 'COPY', 'USER', 'EXPOSE', 'ENTRYPOINT'];

/** Throws an Error that names the line of what it does not know. */
export function readDockerfile(text: string): Stage[] {
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructions(text)) {
    if (instruction.name === 'FROM') {
      const [base = '', , name = `${stages.length}`] = instruction.words.split(/\s+/);
      stages.push({ base, name, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`line ${instruction.line}: ${instruction.name} before the first FROM`);
      stage.instructions.push(instruction);
    }
  }
  return stages;
}

/** The words of an instruction in exec form: a JSON array. */
export function execForm({ line, name, words }: Instruction): string[] {
  if (!words.startsWith('[')) throw new Error(`line ${line}: ${name} is not in exec form, ["WORD", …], so that a shell would be needed: ${words}`);
  return JSON.parse(words) as string[];
}

function instructions(text: string): Instruction[] {
  const found: Instruction[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    if (/^\s*(#.*)?$/.test(lines[index] ?? '')) continue;
    const line = index + 1;
    let whole = lines[index] ?? '';
    while (whole.endsWith('\\')) whole = `${whole.slice(0, -1)}${lines[++index] ?? ''}`;
    const [, name = '', flags = '', words = ''] = /^\s*([A-Za-z]+)((?:\s+--[a-z-]+=\S+)*)\s+([\s\S]*)$/.exec(whole) ?? [];
    if (!known.includes(name.toUpperCase())) throw new Error(`line ${line}: an instruction that is not known here: ${whole}`);
    const pairs = [...flags.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, flag = '', value = '']) => [flag, value]);
    found.push({ line, name: name.toUpperCase(), flags: Object.fromEntries(pairs), words: words.trim() });
  }
  return found;
}

/** What a .dockerignore leaves out, by the path from the context. Patterns as Docker has them, without `!` and `?`. */
export function ignored(patterns: string): (path: string) => boolean {
  const all = patterns.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const expressions = all.map((pattern) => {
    const parts = pattern.split('/').map((part) => (part === '**' ? undefined : part.replace(/[.+^$()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')));
    return new RegExp(`^${parts.map((part) => (part === undefined ? '(?:.*/)?' : part)).join('/')}(?:/|$)`.replaceAll('(?:.*/)?/', '(?:.*/)?'));
  });
  return (path) => expressions.some((expression) => expression.test(path));
}
