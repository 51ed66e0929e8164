// One run of a replica: how the store tells the processes apart that have one name, and how a process knows that another one has ended.
import { readFileSync, readlinkSync } from 'node:fs';

/** Runs that have begun in this process and have not ended. */
const alive = new Set<string>();

/** A run that begins now, or is called otherwise: an id, and where there is one, the place by which its end can be found out. */
export function beginRun(run: string = [crypto.randomUUID(), placeOf(process.pid) ?? ''].join(' ')): string {
  alive.add(run);
  return run;
}

export function endRun(run: string): void {
  alive.delete(run);
}

/** What a run is called in a journal and beside the name of its replica. */
export function idOf(run: string): string {
  return run.split(' ')[0] ?? '';
}

/** Whether a run has ended; undefined where that cannot be seen from here: it is of another machine or container, or from before this one was booted. */
export function isOver(run: string): boolean | undefined {
  const [id = '', place = ''] = run.split(' ');
  const [boot, pid = ''] = place.split('#');
  const own = placeOf(process.pid);
  if (own === undefined || boot !== own.split('#')[0]) return undefined;
  if (place === own) return ![...alive].some((each) => idOf(each) === id);
  if (isGone(Number(pid))) return true;
  const found = placeOf(Number(pid));
  return found === undefined ? undefined : found !== place;
}

/** The boot of the machine and the space of its process ids, the process, and when that was begun; undefined on systems that do not tell. */
function placeOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const space = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold anything; the state of the process is the first field behind it, its begin the twentieth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /^[ZX]/.test(fields[0] ?? '') ? `${boot}/${space}#${pid}#ended` : `${boot}/${space}#${pid}#${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** A process that may only not be looked at is not gone. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
