// Puts environment variables into words: {$NAME} and {%NAME%}, by the rules of CoreDNS.

export type Environment = Readonly<Record<string, string | undefined>>;

/** Longer results come only from variables that contain themselves. */
const longestWord = 1_000_000;
const mostRounds = 1000;

/** Replaces each reference by its variable; unset ones by nothing, and `unset` is told of them. The result is never split. Throws when a variable refers to itself. */
export function substitute(text: string, env: Environment, unset: (name: string) => void = () => {}): string {
  const resolved = replaceReferences(text, { env, unset }, { open: '{%', close: '%}' });
  return replaceReferences(resolved, { env, unset }, { open: '{$', close: '}' });
}

interface Variables {
  readonly env: Environment;
  readonly unset: (name: string) => void;
}

function replaceReferences(text: string, { env, unset }: Variables, marks: { open: string; close: string }): string {
  let result = text;
  let start = result.indexOf(marks.open);
  for (let round = 0; start !== -1; round++) {
    const end = result.indexOf(marks.close, start);
    if (end <= start + marks.open.length) return result;
    const name = result.slice(start + marks.open.length, end);
    if (env[name] === undefined) unset(name);
    result = result.replaceAll(result.slice(start, end + marks.close.length), () => env[name] ?? '');
    if (round >= mostRounds || result.length > longestWord) throw new Error(`environment variable '${name}' refers to itself`);
    start = result.indexOf(marks.open);
  }
  return result;
}
