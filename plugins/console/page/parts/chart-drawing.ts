// How a chart is drawn, by uPlot. Styles are set by the object model alone, which a strict Content-Security-Policy allows.
import UPlot from 'uplot';
import { colourOf } from '../shell/theme.ts';
import { timeOfDay } from '../words/length.ts';
import type { Series } from './chart-series.ts';

/** What is drawn behind and over the lines; times as on the axis across. */
export interface ChartMarks {
  readonly bands?: readonly { readonly from: number; readonly to: number; readonly label: string }[];
  readonly lines?: readonly { readonly at: number; readonly label: string; readonly colour: string }[];
}

interface Drawn {
  readonly series: readonly Series[];
  readonly across: string;
  readonly spell: (value: number) => string;
  readonly clock?: boolean;
  readonly doubling?: boolean;
  readonly stack?: boolean;
  readonly top?: number;
  readonly marks?: ChartMarks;
  readonly height?: number;
}

interface Wishes {
  /** As they are at the moment of drawing. */
  readonly parts: () => Drawn;
  readonly data: () => UPlot.AlignedData;
  /** The place that is pointed at. */
  readonly point: (index: number | null) => void;
}

const textSize = 11;
const room = { top: 8, marked: 46, right: 18 };
/** Of the names of bands. */
const rowsOfNames = 2;
const rowHeight = 14;
/** Up to a TiB. */
const powersOfTwo = Array.from({ length: 41 }, (_, power) => 2 ** power);

export function drawChart(element: HTMLElement, wishes: Wishes): UPlot {
  const { series, height = 200, marks, stack } = wishes.parts();
  const options: UPlot.Options = {
    width: Math.max(element.clientWidth, 120),
    height,
    padding: [marks === undefined ? room.top : room.marked, room.right, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(most * 1.06, wishes.parts().top ?? 1)] } },
    axes: axesFor(wishes.parts),
    series: [{}, ...series.map((each) => lineOf(each, stack === true))],
    ...(stack === true ? { bands: series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) } : {}),
    hooks: {
      drawClear: [(plot) => drawBands(plot, wishes.parts().marks)],
      draw: [(plot) => drawMarks(plot, wishes.parts().marks)],
      setCursor: [({ cursor }) => wishes.point(cursor.idx ?? null)],
    },
  };
  return new UPlot(options, wishes.data(), element);
}

function lineOf({ label, colour, dashed }: Series, filled: boolean): UPlot.Series {
  const stroke = colourOf(colour);
  return {
    label,
    stroke,
    width: filled ? 0 : 1.75,
    spanGaps: false,
    points: { show: false },
    ...(dashed === true ? { dash: [6, 4] } : {}),
    ...(filled ? { fill: stroke.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.8)') } : {}),
  };
}

function axesFor(parts: () => Drawn): UPlot.Axis[] {
  const look = { stroke: colourOf('--ink-faint'), font: fontOf(), labelFont: fontOf(), labelSize: 16, labelGap: 2 };
  const grid = { stroke: colourOf('--line'), width: 1 };
  return [
    {
      ...look,
      grid: { show: false },
      ticks: { stroke: colourOf('--line'), size: 4 },
      label: parts().across,
      size: 24,
      space: 64,
      values: (_, splits) => splits.map((at) => (parts().clock === true ? timeOfDay(at * 1000).slice(0, 5) : String(at))),
      ...(parts().clock === true ? { incrs: [60, 120, 300, 600, 900, 1800, 3600] } : {}),
    },
    {
      ...look,
      grid,
      ticks: { show: false },
      size: widthOfWords,
      ...(parts().doubling === true ? { space: 20, incrs: powersOfTwo } : { space: 34 }),
      values: (_, splits) => splits.map((value) => parts().spell(value)),
    },
  ];
}

/** As wide as the longest word at the axis. */
function widthOfWords(plot: UPlot, words: string[] | null): number {
  const longest = (words ?? []).reduce((most, word) => (word.length > most.length ? word : most), '');
  plot.ctx.font = fontOf();
  return Math.ceil(plot.ctx.measureText(longest).width / devicePixelRatio) + 14;
}

function fontOf(): string {
  return `${textSize}px ${getComputedStyle(document.body).fontFamily}`;
}

function drawBands({ ctx, bbox, valToPos }: UPlot, marks: ChartMarks | undefined): void {
  ctx.save();
  for (const [i, { from, to }] of (marks?.bands ?? []).entries()) {
    if (i % 2 === 1) continue;
    const [left, right] = [valToPos(from, 'x', true), valToPos(to, 'x', true)].map((x) => within(x, bbox)) as [number, number];
    ctx.fillStyle = colourOf('--sunken');
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.restore();
}

/** The names of the bands, and lines that stand for moments, each with its words in a row of its own above. */
function drawMarks({ ctx, bbox, valToPos }: UPlot, marks: ChartMarks | undefined): void {
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `${textSize * scale}px ${getComputedStyle(document.body).fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.fillStyle = colourOf('--ink-faint');
  const names = (marks?.bands ?? []).map(({ from, label }) => ({
    label,
    start: within(valToPos(from, 'x', true), bbox),
    width: ctx.measureText(label).width,
  }));
  for (const { label, start, row } of placed(names, bbox, 8 * scale)) ctx.fillText(label, start, bbox.top - (3 + row * rowHeight) * scale);
  for (const { at, label, colour } of marks?.lines ?? []) {
    const x = valToPos(at, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colourOf(colour);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = 1.5 * scale;
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - rowsOfNames * rowHeight * scale);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(label).width;
    const start = Math.min(Math.max(x - width / 2, bbox.left), bbox.left + bbox.width - width);
    ctx.fillText(label, start, bbox.top - (3 + rowsOfNames * rowHeight) * scale);
  }
  ctx.restore();
}

interface NameOfBand {
  readonly label: string;
  readonly start: number;
  readonly width: number;
}

/** A name that would cross another stands in the row above; one that has no place there either is left out. */
function placed(names: readonly NameOfBand[], { left, width: whole }: UPlot.BBox, gap: number): readonly (NameOfBand & { readonly row: number })[] {
  const free = Array.from({ length: rowsOfNames }, () => -Infinity);
  return names.flatMap((name) => {
    const start = Math.min(name.start + gap / 4, left + whole - name.width);
    const row = free.findIndex((end) => start >= end);
    if (row < 0) return [];
    free[row] = start + name.width + gap;
    return [{ ...name, start, row }];
  });
}

function within(x: number, { left, width }: UPlot.BBox): number {
  return Math.min(Math.max(x, left), left + width);
}
