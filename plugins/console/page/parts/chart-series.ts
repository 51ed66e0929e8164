// What a chart shows, as numbers: apart from how it is drawn.

export interface Series {
  readonly label: string;
  /** A custom property, as "--a". */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
}

/** Each series on top of those before it: what is drawn last is lowest. Gaps count as nothing. */
export function stacked(series: readonly Series[]): (number | null)[][] {
  const sums: number[] = [];
  return series.map(({ values }) =>
    values.map((value, i) => {
      sums[i] = (sums[i] ?? 0) + (value ?? 0);
      return sums[i] ?? 0;
    }),
  );
}

/** What stands beside a series: its value at the place that is pointed at, or the last one that is known. */
export function valueAt(series: Series, index: number | null): number | null {
  if (index !== null) return series.values[index] ?? null;
  return series.values.findLast((value) => value !== null) ?? null;
}

/** For those who do not see the drawing: from, to and now of each series. */
export function described(series: readonly Series[], spell: (value: number) => string): string {
  return series
    .map(({ label, values }) => {
      const known = values.filter((value): value is number => value !== null);
      if (known.length === 0) return `${label}: nothing yet`;
      const [least, most] = known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
      return `${label}: ${spell(known.at(-1) ?? 0)} at the end, between ${spell(least)} and ${spell(most)}`;
    })
    .join('. ');
}
