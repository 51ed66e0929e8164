// What differs between two texts, line by line.

export interface DifferenceLine {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
  /** The number of the line where it stands: in the old text when it is gone, else in the new one. */
  readonly line: number;
}

/** Longer texts are only compared at their beginnings and ends: the table below grows by the product of both. */
const mostCells = 4_000_000;

/** Every line of both texts: the shortest way from the old one to the new one. */
export function textDifference(before: string, after: string): readonly DifferenceLine[] {
  const [old, young] = [before.trimEnd().split('\n'), after.trimEnd().split('\n')];
  let start = 0;
  while (start < old.length && start < young.length && old[start] === young[start]) start++;
  let end = 0;
  while (end < old.length - start && end < young.length - start && old[old.length - 1 - end] === young[young.length - 1 - end]) end++;
  const middle = between(old.slice(start, old.length - end), young.slice(start, young.length - end), start);
  const same = (from: number, to: number) => young.slice(from, to).map((text, i): DifferenceLine => ({ kind: 'same', text, line: from + i + 1 }));
  return [...same(0, start), ...middle, ...same(young.length - end, young.length)];
}

/** By the longest lines that both have in common. `start` lines stand before. */
function between(old: readonly string[], young: readonly string[], start: number): DifferenceLine[] {
  const gone = (i: number): DifferenceLine => ({ kind: 'gone', text: old[i] ?? '', line: start + i + 1 });
  const fresh = (k: number, kind: 'same' | 'new'): DifferenceLine => ({ kind, text: young[k] ?? '', line: start + k + 1 });
  if (old.length * young.length > mostCells) return [...old.map((_, i) => gone(i)), ...young.map((_, k) => fresh(k, 'new'))];
  const common = commonLines(old, young);
  const lines: DifferenceLine[] = [];
  let [i, k] = [0, 0];
  while (i < old.length || k < young.length) {
    const isSame = i < old.length && k < young.length && old[i] === young[k];
    if (isSame) {
      lines.push(fresh(k++, 'same'));
      i++;
    } else if (i < old.length && common(i + 1, k) >= common(i, k + 1)) lines.push(gone(i++));
    else lines.push(fresh(k++, 'new'));
  }
  return lines;
}

/** How many lines the ends of both texts, from two lines on, have in common; -1 beyond the end of one. */
function commonLines(old: readonly string[], young: readonly string[]): (i: number, k: number) => number {
  const width = young.length + 1;
  const table = new Uint32Array((old.length + 1) * width);
  const at = (i: number, k: number) => table[i * width + k] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let k = young.length - 1; k >= 0; k--)
      table[i * width + k] = old[i] === young[k] ? at(i + 1, k + 1) + 1 : Math.max(at(i + 1, k), at(i, k + 1));
  return (i, k) => (i > old.length || k > young.length ? -1 : at(i, k));
}

/** Only what differs, with so many lines around it; a number stands for lines that are left out. */
export function aroundDifferences(lines: readonly DifferenceLine[], around = 3): readonly (DifferenceLine | number)[] {
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - around), i + around + 1).some(({ kind }) => kind !== 'same'));
  const shown: (DifferenceLine | number)[] = [];
  for (const [i, line] of lines.entries()) {
    if (near[i] === true) shown.push(line);
    else if (typeof shown.at(-1) === 'number') shown[shown.length - 1] = Number(shown.at(-1)) + 1;
    else shown.push(1);
  }
  return shown;
}
