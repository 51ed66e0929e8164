// How plans stand, as text: one plan in full, several as a table.
import { phases } from '../migration/agreement.ts';
import { bar, table, timeLeft } from './text-table.ts';

/** What is read of a status; the server sends more (docs/admin-api.yaml). */
export interface PlanStatus {
  readonly plan: string;
  readonly mode: string;
  readonly role: string;
  readonly epoch: number;
  readonly phase: string | null;
  readonly step: number;
  readonly paused: boolean;
  readonly since: string | null;
  readonly damage: string | null;
  readonly names: readonly { readonly name: string; readonly from: readonly string[]; readonly to: readonly string[] }[];
  readonly answers: { readonly kind: string; readonly answer?: string; readonly share?: number; readonly why?: string; readonly ttl?: number };
  readonly wait: { readonly why: string; readonly until: string | null } | null;
  readonly fence: { readonly state: string; readonly attempt: number } | null;
  readonly horizon: { readonly a_may_be_switched_off: string | null; readonly missing: readonly string[] };
  readonly leases: { readonly from: number; readonly to: number; readonly pinned: readonly unknown[] };
  readonly health: { readonly from: string; readonly to: string };
  readonly alarms: readonly { readonly text: string }[];
  readonly replica?: string;
  readonly replicas?: readonly { readonly replica: string; readonly phase: string; readonly epoch: number; readonly silent_for: number }[];
  readonly store?: { readonly kind: string; readonly place?: string; readonly heard: boolean };
}

/** What a look at a status depends on besides. */
export interface Look {
  /** Milliseconds of the wall clock. */
  readonly now: number;
  /** The most leases that were seen, by plan: what a bar that shrinks began with. */
  readonly most?: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
}

/** Several plans as a table, one in full. */
export function printStatuses(found: readonly PlanStatus[], look: Look): string {
  const [first] = found;
  if (first === undefined) return 'no plan';
  if (found.length === 1) return printStatus(first, look);
  // What is long comes last, where a terminal may cut it off.
  const rows = found.map((status) => [
    status.plan,
    `${phaseBar(status.phase)} ${phaseOf(status)}`,
    String(status.epoch),
    String(status.leases.from),
    String(status.leases.to),
    String(status.alarms.length),
    offAt(status, look),
    status.damage === null ? waitOf(status, look) : `stopped: ${status.damage}`,
  ]);
  return table([['plan', 'phase', 'epoch', 'on A', 'on B', 'alarms', 'A may be switched off', 'waits'], ...rows]).join('\n');
}

function printStatus(status: PlanStatus, look: Look): string {
  const { fence, leases, health, replicas = [], store } = status;
  const most = look.most?.get(status.plan);
  const rows = [
    ['phase', `${phaseBar(status.phase)} ${phaseOf(status)}`],
    ['epoch', String(status.epoch)],
    ...status.names.map(({ name, from, to }) => ['name', `${name}  ${from.join(', ')} -> ${to.join(', ')}`]),
    ['answers', answersOf(status)],
    ['waits', `${waitBar(status, look)}${waitOf(status, look)}`],
    ...(fence === null
      ? []
      : [['fence', `${fence.state === 'none' ? 'not yet' : fence.state}${fence.attempt > 1 ? `, attempt ${fence.attempt}` : ''}`]]),
    ['health', `A ${health.from}, B ${health.to}`],
    ['leases on A', `${shareBar(leases.from, most?.from)}${clients(leases.from)} may hold A, ${leases.pinned.length} look pinned to it`],
    ['leases on B', `${shareBar(leases.to, most?.to)}${clients(leases.to)} may hold B`],
    ['A may be switched off', offAt(status, look)],
    ...(store === undefined || store.kind === 'journal' ? [] : [['store', `${store.place ?? store.kind}${store.heard ? '' : ', not heard'}`]]),
    ...(replicas.length < 2 ? [] : replicas.map((replica) => ['replica', replicaLine(replica, status)])),
    ...status.alarms.map(({ text }) => ['alarm', text]),
    ...(status.damage === null ? [] : [['stopped', status.damage]]),
  ];
  return [`plan ${status.plan}: ${status.mode}, role ${status.role}`, ...table(rows).map((line) => `  ${line}`)].join('\n');
}

/** What has become of a plan, for those who read a log: the same text as long as nothing has happened to it. Clients come and go, so they stand apart. */
export function changeLine(status: PlanStatus): { readonly happened: string; readonly clients: string } {
  const { wait, leases, alarms, damage } = status;
  const waits = wait === null ? '' : `, ${wait.why}${wait.until === null ? '' : `, until ${wait.until}`}`;
  const notes = [...alarms.map(({ text }) => `; alarm: ${text}`), ...(damage === null ? [] : [`; stopped: ${damage}`])];
  const happened = `${status.plan}: epoch ${status.epoch}, ${phaseOf(status)}${waits}${notes.join('')}`;
  return { happened, clients: `${leases.from} on A, ${leases.to} on B` };
}

/** Whether nothing more is to be seen of a plan. */
export function isOver({ phase }: PlanStatus): boolean {
  return phase === 'done' || phase === 'released';
}

function phaseOf({ phase, step, answers, paused }: PlanStatus): string {
  const share = phase === 'transition' && answers.share !== undefined ? ` ${answers.share}%${step > 0 ? `, step ${step + 1}` : ''}` : '';
  return `${phase ?? 'not known'}${share}${paused ? ', paused' : ''}`;
}

/** How far the plan has come. */
function phaseBar(phase: string | null): string {
  const at = (phases as readonly (string | null)[]).indexOf(phase);
  return `[${'#'.repeat(at + 1)}${'.'.repeat(phases.length - at - 1)}]`;
}

function answersOf({ answers }: PlanStatus): string {
  const { kind, answer, share, why, ttl } = answers;
  if (kind === 'silent') return `nothing: ${why}`;
  const led = { from: 'A', to: 'B', both: 'A and B', pass: 'what the next plugin does' }[answer ?? ''];
  const whom = kind === 'canary' ? `B to ${share}% of the clients` : `B in ${share}% of the answers`;
  return `${led ?? whom}${answer === 'pass' ? '' : `, ttl ${ttl}`}`;
}

function waitOf({ wait }: PlanStatus, { now }: Look): string {
  if (wait === null) return 'for nothing';
  return wait.until === null ? wait.why : `${timeLeft(Date.parse(wait.until) - now)} left: ${wait.why}`;
}

/** How much of a wait is over, where it has a beginning and an end. */
function waitBar({ wait, since }: PlanStatus, { now }: Look): string {
  if (wait === null || wait.until === null || since === null) return '';
  const [start, end] = [Date.parse(since), Date.parse(wait.until)];
  return end <= start ? '' : `${bar((now - start) / (end - start))} `;
}

/** A share of what was most; nothing to compare with, no bar. */
function shareBar(count: number, most: number | undefined): string {
  return most === undefined || most === 0 ? '' : `${bar(count / most)} `;
}

function clients(count: number): string {
  return count === 1 ? '1 client' : `${count} clients`;
}

function offAt({ horizon, phase }: PlanStatus, { now }: Look): string {
  const at = horizon.a_may_be_switched_off;
  if (at === null) return horizon.missing.length === 0 ? 'not known yet' : `not known: replica ${horizon.missing.join(', ')}`;
  const left = Date.parse(at) - now;
  if (left > 0) return `${at}, in ${timeLeft(left)}`;
  return phase === 'done' || phase === 'released' ? `since ${at}` : at;
}

function replicaLine({ replica, phase, epoch, silent_for: silent }: NonNullable<PlanStatus['replicas']>[number], status: PlanStatus): string {
  const self = replica === status.replica ? 'this one' : `heard ${timeLeft(silent * 1000)} ago`;
  return `${replica}  ${phase}${epoch === status.epoch ? '' : `, epoch ${epoch}`}, ${self}`;
}
