// A few SVG elements as text, enough for the plots of the bench: legible on a light and on a dark page, without script or web font.

export interface Point {
  readonly x: number;
  readonly y: number;
}

const OTHERS: Readonly<Record<string, string>> = {
  ferrydns: '#1f6feb',
  coredns: '#e07b39',
  unbound: '#4a9d5f',
  dnsmasq: '#9b6bb3',
  dnsdist: '#b8860b',
};

export const colours = {
  paper: '#ffffff',
  ink: '#1f2328',
  faint: '#57606a',
  grid: '#d8dee4',
  /** The same server has the same colour in every plot. */
  of: (server: string): string => OTHERS[server] ?? '#8c959f',
} as const;

/** Attributes behind an element's name, numbers with one decimal at most. */
export function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? Number(value.toFixed(1)) : escaped(value)}"`)
    .join('');
}

export function rectangle(box: Point & { readonly width: number; readonly height: number }, fill: string): string {
  return `<rect${attributes({ ...box, fill })}/>`;
}

export function line(from: Point, to: Point, stroke: string, width = 1): string {
  return `<line${attributes({ x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke, 'stroke-width': width })}/>`;
}

interface TextStyle extends Point {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly weight?: 'normal' | 'bold';
  readonly colour?: string;
  readonly size?: number;
}

export function text(style: TextStyle, content: string): string {
  const { x, y, anchor = 'start', weight = 'normal', colour = colours.ink, size = 12 } = style;
  return `<text${attributes({ x, y, 'text-anchor': anchor, 'font-weight': weight, fill: colour, 'font-size': size })}>${escaped(content)}</text>`;
}

/** A whole file: white paper, a title, a note below it, and the elements. */
export function document(frame: { width: number; height: number; title: string; note: string }, elements: string): string {
  const { width, height, title, note } = frame;
  const root = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, 'font-family': 'sans-serif' };
  return [
    `<svg${attributes(root)} role="img">`,
    `<title>${escaped(title)}</title>`,
    rectangle({ x: 0, y: 0, width, height }, colours.paper),
    text({ x: 14, y: 26, weight: 'bold', size: 16 }, title),
    ...(note === '' ? [] : [text({ x: 14, y: 46, colour: colours.faint }, note)]),
    elements,
    '</svg>\n',
  ].join('\n');
}

/** Round figures from zero to at least `most`, about `count` steps apart. */
export function niceTicks(most: number, count: number): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
