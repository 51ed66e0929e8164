// What commands print: columns that line up, bars, lengths of time.

/** Characters of a cell. */
const widest = 60;

/** What fits into a cell; whatever is longer is whole in the JSON. */
export function cut(text: string): string {
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}

/** Rows as lines whose columns line up. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A share from 0 to 1 as a bar. It is full, or empty, only when the share is. */
export function bar(share: number, width = 20): string {
  const inner = share <= 0 ? 0 : share >= 1 ? width : Math.min(width - 1, Math.max(1, Math.round(share * width)));
  return `[${'#'.repeat(inner)}${'.'.repeat(width - inner)}]`;
}

export function seconds(length: number): string {
  return `${Number(length.toFixed(1))} s`;
}

/** A length of time as people say it: "4 s", "2 min 5 s", "1 h 10 min". */
export function timeLeft(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / 1000));
  if (left < 60) return `${left} s`;
  const minutes = Math.floor(left / 60);
  if (minutes < 60) return `${minutes} min ${left % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
