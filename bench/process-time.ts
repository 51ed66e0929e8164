// What a running process has used: CPU time and memory, as the kernel accounts for it in /proc.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB. */
export interface Memory {
  readonly resident: number;
  readonly peak: number;
}

const ticksPerSecond = readClockTicks();

/** CPU time of all threads of a process, those that have ended included, user and kernel, in microseconds (steps of one tick, usually 10 ms). */
export function processTime(pid: number): number {
  const ticks = parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return (ticks * 1_000_000) / ticksPerSecond;
}

/** Resident memory of a process, now and at its highest. */
export function processMemory(pid: number): Memory {
  return parseStatus(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** utime + stime, in ticks, from the text of `/proc/PID/stat`. */
export function parseStat(text: string): number {
  // The second field is the program's name in brackets, and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) throw new Error(`no CPU times in "${text.trim()}"`);
  return ticks;
}

/** VmRSS and VmHWM from the text of `/proc/PID/status`. */
export function parseStatus(text: string): Memory {
  return { resident: mebibytes(text, 'VmRSS'), peak: mebibytes(text, 'VmHWM') };
}

function mebibytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  if (found === null) throw new Error(`no ${field} in the status of the process`);
  return Number(found[1]) / 1024;
}

function readClockTicks(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || 100;
  } catch {
    return 100;
  }
}
