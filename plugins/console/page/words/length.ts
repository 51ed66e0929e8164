// Lengths of time and moments, as people say them.

/** A length of time in two units at most: "4 s", "2 min 05 s", "1 h 10 min", "3 d 4 h". Never less than 0. */
export function spellLength(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / 1000));
  if (left < 60) return `${left} s`;
  const minutes = Math.floor(left / 60);
  if (minutes < 60) return `${minutes} min ${two(left % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${two(minutes % 60)} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Seconds with a tenth where there is one: "3.5 s"; longer ones as {@link spellLength}. */
export function spellSeconds(seconds: number): string {
  return seconds < 60 ? `${Number(seconds.toFixed(1))} s` : spellLength(seconds * 1000);
}

/** How long a query took: "0.08 ms", "3.2 ms", "41 ms", "1.20 s". */
export function spellDuration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds >= 10) return `${Math.round(milliseconds)} ms`;
  if (milliseconds === 0) return '0 ms';
  return `${milliseconds >= 1 ? milliseconds.toFixed(1) : milliseconds.toFixed(2)} ms`;
}

/** The time of day where the reader is: "12:03:11". */
export function timeOfDay(time: string | number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'not known' : [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** A moment with its day, where the reader is: "2026-06-01 12:03:11". */
export function dayAndTime(time: string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return 'not known';
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(time)}`;
}

/** The time of day, or both where it is not the day of `now`. */
export function momentWords(time: string, now: Date): string {
  return new Date(time).toDateString() === now.toDateString() ? timeOfDay(time) : dayAndTime(time);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
