// The table of contents of long pages, and the anchors that a page on GitHub has.
interface Heading {
  readonly level: number;
  readonly title: string;
  readonly anchor: string;
}

/** Pages with more lines than this have a table of contents. */
const longestWithout = 150;
const contents = /<!-- contents -->\n[\s\S]*?<!-- end of contents -->\n\n/;

/** The headings of a page in their order, without what stands in code. */
export function headingsOf(page: string): Heading[] {
  const seen = new Map<string, number>();
  return [...withoutCode(page).matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', title = '']) => {
    const anchor = anchorOf(title);
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return { level: marks.length, title, anchor: before === 0 ? anchor : `${anchor}-${before}` };
  });
}

/** The page with its table of contents before the first section; a short page is left without one. */
export function withContents(page: string): string {
  const bare = page.replace(contents, '');
  if (bare.split('\n').length <= longestWithout) return bare;
  const lines = headingsOf(bare)
    .filter(({ level }) => level === 2 || level === 3)
    .map(({ level, title, anchor }) => `${level === 3 ? '  ' : ''}- [${title}](#${anchor})`);
  const block = ['<!-- contents -->', ...lines, '<!-- end of contents -->', '', ''].join('\n');
  return bare.replace(/^## /m, () => `${block}## `);
}

/** What is no code: a heading in a fence is a comment of a Corefile. */
export function withoutCode(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, '');
}

/** As GitHub makes it: lower case, blanks as hyphens, without punctuation. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
}
