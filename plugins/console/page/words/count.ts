// Numbers as people read them.

/** Thousands apart, whatever the language of the browser: "12,345". */
export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A rate per second with as many digits as matter: "0.2", "14", "3,204". */
export function rate(perSecond: number): string {
  if (perSecond >= 10 || perSecond === 0) return grouped(perSecond);
  return perSecond.toFixed(1);
}

/** Short enough for an axis or a label: "950", "12k", "1.5M". */
export function short(count: number): string {
  const sizes = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  for (const [size, letter] of sizes) if (Math.abs(count) >= size) return `${Number((count / size).toFixed(1))}${letter}`;
  return String(Number(count.toFixed(count < 10 ? 2 : 0)));
}

/** Memory in the unit that fits: "512 B", "118 MiB". */
export function octets(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = count;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${size >= 100 || Number.isInteger(size) ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** A share of a whole: "98.2%"; a dash when there is no whole. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const share = (100 * part) / whole;
  return `${share === 0 || share === 100 ? share : share.toFixed(1)}%`;
}

/** "1 client", "7 clients". */
export function many(count: number, one: string, several = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : several}`;
}
