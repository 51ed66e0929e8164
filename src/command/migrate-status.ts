// How plans stand, as text: one plan in full, several as a table.
import { phases } from '../migration/agreement.ts';
import type { PlanStatus } from '../plans/plan-status.ts';
import { bar, table, timeLeft } from './text-table.ts';

/** What a look at a status depends on besides. */
export interface Look {
  /** Milliseconds since the server has told how this plan stands; 0 unless given. Its clock may be another one than that of this machine. */
  readonly passed?: (plan: string) => number;
  /** The most leases that were seen, by plan: what a bar that shrinks began with. */
  readonly most?: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
}

/** Several plans as a table, one in full. */
export function printStatuses(found: readonly PlanStatus[], look: Look = {}): string {
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
  const { fence, leases, health, replicas, store } = status;
  const most = look.most?.get(status.plan);
  const rows = [
    ['phase', `${phaseBar(status.phase)} ${phaseOf(status)}`],
    ['epoch', String(status.epoch)],
    ...status.names.map(({ name, from, to }) => ['name', `${name}  ${from.join(', ')} -> ${to.join(', ')}`]),
    ['answers', answersOf(status)],
    ['waits', `${waitBar(status, look)}${waitOf(status, look)}`],
    ['orders', ordersOf(status)],
    ...refusedOrders(status),
    ...(fence === null ? [] : [['fence', fenceOf(fence)]]),
    ['health', `A ${health.from}, B ${health.to}`],
    ...status.gates.map((gate) => ['gate', gateOf(gate)]),
    ['upstream', upstreamOf(status.upstream)],
    ['leases on A', `${shareBar(leases.from, most?.from)}${clients(leases.from)} may hold A, ${leases.pinned.length} look pinned to it`],
    ['leases on B', `${shareBar(leases.to, most?.to)}${clients(leases.to)} may hold B`],
    ['A may be switched off', offAt(status, look)],
    ...(wasRolledBack(status) ? [['B may be switched off', backAt(status, look)]] : []),
    ...(store.kind === 'journal' ? [] : [['store', `${store.place}${store.heard ? '' : ', not heard'}`]]),
    ...(replicas.length < 2 ? [] : replicas.map((replica) => ['replica', replicaLine(replica, status)])),
    ...status.without_plan.map(({ server, zone, place }) => ['without the plan', `${zone} at ${server} (${place})`]),
    ...status.alarms.map(({ text }) => ['alarm', oneLine(text)]),
    ...(status.damage === null ? [] : [['stopped', status.damage]]),
  ];
  return [`plan ${status.plan}: ${status.mode}, role ${status.role}`, ...table(rows).map((line) => `  ${line}`)].join('\n');
}

/** What has become of a plan, for those who read a log: the same text as long as nothing has happened to it. Clients come and go, so they stand apart. */
export function changeLine(status: PlanStatus): { readonly happened: string; readonly clients: string } {
  const { wait, leases, alarms, damage } = status;
  const waits = wait === null ? '' : `, ${wait.why}${wait.until === null ? '' : `, until ${wait.until}`}`;
  const notes = [...alarms.map(({ text }) => `; alarm: ${oneLine(text)}`), ...(damage === null ? [] : [`; stopped: ${damage}`])];
  const happened = `${status.plan}: epoch ${status.epoch}, ${phaseOf(status)}${waits}${notes.join('')}`;
  return { happened, clients: `${leases.from} on A, ${leases.to} on B` };
}

/** Whether nothing more is to be seen of a plan. */
export function isOver({ phase }: PlanStatus): boolean {
  return phase === 'done' || phase === 'released';
}

function phaseOf({ phase, step, answers, paused }: PlanStatus): string {
  const share = phase === 'transition' && 'share' in answers ? ` ${answers.share}%${step > 0 ? `, step ${step + 1}` : ''}` : '';
  return `${phase ?? 'not known'}${share}${paused ? ', paused' : ''}`;
}

/** How far the plan has come. */
function phaseBar(phase: string | null): string {
  const at = (phases as readonly (string | null)[]).indexOf(phase);
  return `[${'#'.repeat(at + 1)}${'.'.repeat(phases.length - at - 1)}]`;
}

function answersOf({ answers }: PlanStatus): string {
  if (answers.kind === 'silent') return `nothing: ${answers.why}`;
  const { ttl } = answers;
  if (answers.kind === 'canary') return `B to ${answers.share}% of the clients, ttl ${ttl}`;
  if (answers.kind === 'weight') return `B in ${answers.share}% of the answers, ttl ${ttl}`;
  if (answers.answer === 'pass') return 'what the next plugin does';
  return `${{ from: 'A', to: 'B', both: 'A and B' }[answers.answer]}, ttl ${ttl}`;
}

function waitOf(status: PlanStatus, look: Look): string {
  const { wait } = status;
  if (wait === null) return nextOf(status, look);
  return wait.until === null ? wait.why : `${timeLeft(until(wait.until, status, look))} left: ${wait.why}`;
}

/** What would be carried out now, as it is typed. */
function ordersOf({ orders }: PlanStatus): string {
  const allowed = orders.filter(({ refusal, unless }) => refusal === null || unless !== null);
  const typed = allowed.map(({ verb, replica, unless }) => {
    const more = unless === 'force' ? ' -force' : unless === 'a_is_open' ? ' -a-is-open' : '';
    return `${verb}${replica === null ? '' : ` ${replica}`}${more}`;
  });
  return typed.join(', ') || 'none';
}

/** Why the plan cannot be begun, or cannot go back. What it waits for to go on has a row of its own. */
function refusedOrders({ orders, phase, damage }: PlanStatus): string[][] {
  if (phase === null || damage !== null) return [];
  const told = phase === 'original' ? 'start' : 'rollback';
  return orders.flatMap(({ verb, refusal }) => (verb === told && refusal !== null ? [[`no ${verb}`, oneLine(refusal)]] : []));
}

/** Milliseconds until a time of the server, by its own clock. */
function until(time: string, { plan, now }: PlanStatus, { passed }: Look): number {
  return Date.parse(time) - Date.parse(now) - (passed?.(plan) ?? 0);
}

/** What has to come where nothing is in the way. */
function nextOf(status: PlanStatus, look: Look): string {
  const { phase, paused, flip, fence } = status;
  if (phase === null) return 'for the journal or the store';
  if (paused) return "for 'resume'";
  switch (phase) {
    case 'original':
      return "for 'start'";
    case 'lowering':
    case 'transition':
    case 'done':
      return "for 'advance'";
    case 'countdown': {
      const at = flip?.at ?? null;
      return at === null ? 'for the flip' : `${timeLeft(until(at, status, look))} left: until the flip`;
    }
    case 'flipping':
      return fence === null ? 'for the last lease on A' : fenceWait(fence);
    default:
      return 'for nothing';
  }
}

function fenceWait({ state, may_have_run: doubt }: NonNullable<PlanStatus['fence']>): string {
  if (state === 'failed' && !doubt) return "for 'advance' or 'rollback': the fence has failed";
  if (state === 'failed' || state === 'unknown')
    return "for 'advance', or 'rollback -a-is-open' when you have seen that A is open: a fence may have run";
  return 'for the fence';
}

function fenceOf({ state, attempt, output }: NonNullable<PlanStatus['fence']>): string {
  const said = state === 'none' ? 'not yet' : state === 'unknown' ? 'cut short, may have run' : state;
  const why = (state === 'failed' || state === 'unknown') && output ? `: ${oneLine(output)}` : '';
  return `${said}${attempt > 1 ? `, attempt ${attempt}` : ''}${why}`;
}

function gateOf({ gate, holds, reason }: PlanStatus['gates'][number]): string {
  if (holds !== false) return `${gate}: ${holds === null ? 'not looked at yet' : 'holds'}`;
  return `${gate}: does not hold${reason ? `: ${oneLine(reason)}` : ''}`;
}

/** What a command has printed, without what would break the table or move the cursor. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ');
}

/** What the plugins behind say of the names, now and before the move. */
function upstreamOf({ now, before }: PlanStatus['upstream']): string {
  const said =
    now === null
      ? 'not asked yet'
      : now.shows === 'nothing'
        ? 'neither A nor B'
        : `${{ from: 'A', to: 'B', mixed: 'A and B' }[now.shows]}, ttl ${now.ttl}`;
  const mixes = before?.mixed === true ? '; it has mixed A and B' : '';
  return `${said}${mixes}`;
}

function wasRolledBack({ epoch, phase, horizon }: PlanStatus): boolean {
  return epoch > 1 && phase === 'original' && horizon.b_may_be_switched_off !== null;
}

function backAt(status: PlanStatus, look: Look): string {
  const at = status.horizon.b_may_be_switched_off ?? '';
  const left = until(at, status, look);
  return left > 0 ? `${at}, in ${timeLeft(left)}` : `since ${at}`;
}

/** How much of a wait is over, where it has a beginning and an end. */
function waitBar(status: PlanStatus, look: Look): string {
  const { wait, since } = status;
  if (wait === null || wait.until === null || since === null) return '';
  const whole = Date.parse(wait.until) - Date.parse(since);
  return whole <= 0 ? '' : `${bar(1 - until(wait.until, status, look) / whole)} `;
}

/** A share of what was most; nothing to compare with, no bar. */
function shareBar(count: number, most: number | undefined): string {
  return most === undefined || most === 0 ? '' : `${bar(count / most)} `;
}

function clients(count: number): string {
  return count === 1 ? '1 client' : `${count} clients`;
}

function offAt(status: PlanStatus, look: Look): string {
  const { horizon, phase } = status;
  const at = horizon.a_may_be_switched_off;
  if (at === null) return horizon.missing.length === 0 ? 'not known yet' : `not known: replica ${horizon.missing.join(', ')}`;
  const left = until(at, status, look);
  if (left > 0) return `${at}, in ${timeLeft(left)}`;
  return phase === 'done' || phase === 'released' ? `since ${at}` : at;
}

function replicaLine({ replica, phase, epoch, silent_for: silent }: PlanStatus['replicas'][number], status: PlanStatus): string {
  // Sessions are renewed in the course of a move alone.
  const atRest = status.phase === null || status.phase === 'original' || status.phase === 'done' || status.phase === 'released';
  const heard = atRest ? '' : `, heard ${timeLeft(silent * 1000)} ago`;
  return `${replica}  ${phase}${epoch === status.epoch ? '' : `, epoch ${epoch}`}${replica === status.replica ? ', this one' : heard}`;
}
