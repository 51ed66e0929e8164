// Lengths of time in the notation of Go's time.ParseDuration, which Corefiles use, as milliseconds.

const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

export const durationPattern = /^[+-]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;

/** The longest length Go can hold (2^63 nanoseconds), in milliseconds. */
const longest = 2 ** 63 / 1e6;

/** Reads "1h30m", "1.5s", "-20ms", "0". Throws an Error for anything else; a bare number lacks its unit. */
export function parseDuration(text: string): number {
  if (!durationPattern.test(text)) {
    if (/^[+-]?\d+(\.\d+)?$/.test(text)) throw new Error(`missing unit in duration '${text}', as in '${text}s'`);
    throw new Error(`invalid duration '${text}'`);
  }
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(number) * (units[unit ?? ''] ?? 0);
  }
  if (total >= longest) throw new Error(`duration '${text}' is too long`);
  return text.startsWith('-') && total !== 0 ? -total : total;
}

/** Writes milliseconds as Go prints them: "1h30m0s", "1.5s", "500ms", "0s". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const sign = milliseconds < 0 ? '-' : '';
  const length = Math.abs(milliseconds);
  if (length < 1e-3) return `${sign}${decimal(length * 1e6)}ns`;
  if (length < 1) return `${sign}${decimal(length * 1e3)}µs`;
  if (length < 1000) return `${sign}${decimal(length)}ms`;
  const minutes = Math.floor(length / 60_000);
  const seconds = `${decimal((length - minutes * 60_000) / 1000)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

/** At most nine digits after the point, none of them a closing zero. */
function decimal(number: number): string {
  return String(Number(number.toFixed(9)));
}
