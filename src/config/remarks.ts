// The comments of a configuration on their way into another form: each stands with the line of the tree that it is about.
import { type Comment, lex } from './lexer.ts';
import type { Tree, Word } from './tree.ts';

/** What the writers of a tree ask for comments. Each is given once. */
export interface Remarks {
  /** Those above the first word of the file. */
  readonly head: readonly string[];
  /** The comments that stand before the line of this word. */
  before(word: Word | undefined): readonly string[];
  /** The comment at the end of its line; empty where there is none. */
  behind(word: Word | undefined): string;
  /** Those that have not been asked for. */
  rest(): readonly string[];
}

export const noRemarks: Remarks = { head: [], before: () => [], behind: () => '', rest: () => [] };

/** The comments of a Corefile. */
export function remarksOf(text: string, file: string, tree: Tree): Remarks {
  const { comments, tokens } = lex(text, file);
  return placeRemarks(comments, { file, tree, firstLine: tokens[0]?.place.line });
}

export type Remark = Pick<Comment, 'text' | 'line' | 'startsLine'>;

export interface RemarkedFile {
  readonly file: string;
  readonly tree: Tree;
  /** The line of its first word. */
  readonly firstLine: number | undefined;
}

/** Gives each comment to the line that it stands on, or to the next one, of those that the tree has from this file. */
export function placeRemarks(comments: readonly Remark[], { file, tree, firstLine = 0 }: RemarkedFile): Remarks {
  const lines = [...new Set(linesOf(tree, file))].sort((a, b) => a - b);
  const before = new Map<number, string[]>();
  const behind = new Map<number, string[]>();
  const head = comments.filter(({ line }) => line < firstLine).map(({ text }) => text);
  for (const { text, line, startsLine } of comments.slice(head.length)) {
    const own = !startsLine && lines.includes(line);
    const at = own ? line : (lines.find((each) => each > line) ?? Number.POSITIVE_INFINITY);
    const taken = own ? behind : before;
    taken.set(at, [...(taken.get(at) ?? []), text]);
  }
  const take = (from: Map<number, string[]>, word: Word | undefined) => {
    const line = word?.place.file === file ? word.place.line : Number.NaN;
    const found = from.get(line) ?? [];
    from.delete(line);
    return found;
  };
  return {
    head,
    before: (word) => take(before, word),
    behind: (word) => take(behind, word).join(' '),
    rest: () => [...before.values(), ...behind.values()].flat(),
  };
}

function linesOf({ blocks, global }: Tree, file: string): number[] {
  const all = global === undefined ? blocks : [global, ...blocks];
  const heads = all.flatMap(({ keys, directives }) => [
    keys[0],
    ...directives.flatMap(({ name, lines }) => [name, ...(lines ?? []).map(({ words }) => words[0])]),
  ]);
  return heads.flatMap((word) => (word?.place.file === file ? [word.place.line] : []));
}
