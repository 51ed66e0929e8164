// A line chart with its legend. What it says is also said in words.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type UPlot from 'uplot';
import { useCell } from '../server/hooks.ts';
import { colours } from '../shell/theme.ts';
import { type ChartMarks, drawChart } from './chart-drawing.ts';
import { described, type Series, stacked, valueAt } from './chart-series.ts';

interface ChartWords {
  readonly title: string;
  /** Of the values, in words: "queries per second". */
  readonly unit: string;
  /** "time of day", "seconds after the start". */
  readonly across: string;
  /** A value as it stands on the axis, and beside its name. */
  readonly spell: (value: number) => string;
}

interface ChartParts extends ChartWords {
  /** Seconds: of the clock, or since something began. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly clock?: boolean;
  /** Octets: steps of the axis are powers of two. */
  readonly doubling?: boolean;
  readonly stack?: boolean;
  /** The least that the axis reaches up to. */
  readonly top?: number;
  readonly marks?: ChartMarks;
  readonly height?: number;
}

export function Chart(parts: ChartParts) {
  const { title, unit, series, spell } = parts;
  const [pointed, setPointed] = useState<number | null>(null);
  const place = useDrawing(parts, setPointed);
  const id = useId();
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id}>
        {title} <span class="unit">{unit}</span>
      </figcaption>
      <Legend series={series} pointed={pointed} spell={spell} />
      <div ref={place} class="drawing" role="img" aria-label={`${title}, ${unit}. ${described(series, spell)}`} />
    </figure>
  );
}

function Legend({
  series,
  pointed,
  spell,
}: {
  readonly series: readonly Series[];
  readonly pointed: number | null;
  readonly spell: (value: number) => string;
}) {
  return (
    <ul class="legend">
      {series.map((each) => {
        const value = valueAt(each, pointed);
        return (
          <li key={each.label}>
            <span class={`stroke${each.dashed === true ? ' dashed' : ''}`} style={{ color: `var(${each.colour})` }} aria-hidden="true" />
            {each.label}
            <span class="value">{value === null ? '–' : spell(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** Draws into the element of the returned reference: anew when the lines are others or the colours have changed, else only the values. */
function useDrawing(parts: ChartParts, point: (index: number | null) => void) {
  const place = useRef<HTMLDivElement>(null);
  const drawing = useRef<UPlot | undefined>(undefined);
  const latest = useRef(parts);
  latest.current = parts;
  const painted = useCell(colours);
  const lines = parts.series.map(({ label, colour }) => `${label} ${colour}`).join();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = drawChart(element, { parts: () => latest.current, data: () => dataOf(latest.current), point });
    drawing.current = made;
    const fit = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: parts.height ?? 200 }));
    fit.observe(element);
    return () => {
      fit.disconnect();
      made.destroy();
    };
  }, [lines, painted]);
  useEffect(() => drawing.current?.setData(dataOf(parts)));
  return place;
}

function dataOf({ times, series, stack }: ChartParts): UPlot.AlignedData {
  const values = stack === true ? stacked(series) : series.map((each) => [...each.values]);
  return [[...times], ...values] as UPlot.AlignedData;
}
