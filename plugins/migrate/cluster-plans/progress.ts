// Tells, as events of the cluster, how far the plans of ConfigMaps have come: each phase, each alarm, and the end.
import type { migration } from 'ferrydns/built-in/moves';
import type { Runner } from '../runner/runner.ts';
import { alarmsOf } from '../status.ts';
import type { Events } from './events.ts';
import { idOf, type PlanText } from './plan-text.ts';

/** What was told of a plan last. */
interface Told {
  readonly epoch: number;
  readonly place: string;
  readonly alarms: readonly string[];
  readonly damage: string | undefined;
  readonly ordered: migration.Agreement['ordered'];
}

const reasons: Readonly<Partial<Record<migration.Phase, string>>> = { lowering: 'MoveBegun', done: 'MoveDone', released: 'NamesGivenBack' };

export class ProgressReport {
  private readonly events: Events;
  private readonly told = new Map<string, Told>();

  constructor(events: Events) {
    this.events = events;
  }

  /** Looks at all plans that run, and returns whether there is news. Where a plan stands when it is seen first is none. */
  look(plans: readonly { readonly about: PlanText; readonly runner: Runner }[]): boolean {
    let hasNews = false;
    for (const { about, runner } of plans) {
      const id = idOf(about);
      const before = this.told.get(id);
      const now = toldOf(runner);
      this.told.set(id, now);
      if (before === undefined) continue;
      for (const [reason, message, isWarning] of [...troubles(before, now, runner), ...progress(before, now, runner), ...settled(before, now)]) {
        this.events.tell({ about, reason, message: `plan ${runner.plan.name}: ${message}`, isWarning });
        hasNews = true;
      }
    }
    return hasNews;
  }
}

type News = readonly [reason: string, message: string, isWarning: boolean];

function toldOf(runner: Runner): Told {
  const { agreed, damage } = runner;
  const alarms = alarmsOf(runner).map(({ about }) => about);
  return { damage, alarms, epoch: agreed?.epoch ?? 0, place: agreed === null ? '' : `${agreed.phase} ${agreed.step}`, ordered: agreed?.ordered };
}

function troubles(before: Told, { damage }: Told, runner: Runner): readonly News[] {
  const raised = alarmsOf(runner).filter(({ about }) => !before.alarms.includes(about));
  const alarms = raised.map(({ text }): News => ['PlanAlarm', text, true]);
  return damage === undefined || damage === before.damage ? alarms : [...alarms, ['PlanStopped', damage, true]];
}

function progress(before: Told, { epoch, place }: Told, { agreed }: Runner): readonly News[] {
  // A server that joins others hears where they are.
  if (agreed === null || before.epoch === 0 || (before.epoch === epoch && before.place === place)) return [];
  const where = `epoch ${epoch}, ${agreed.phase}${agreed.phase === 'transition' ? `, step ${agreed.step + 1}` : ''}`;
  if (epoch > before.epoch && agreed.phase === 'original') return [['RolledBack', where, true]];
  return [[reasons[agreed.phase] ?? 'PhaseBegun', where, false]];
}

/** What has become of an order that stands in the ConfigMap. */
function settled(before: Told, { epoch, ordered }: Told): readonly News[] {
  if (ordered === undefined || before.epoch === 0 || epoch === 0 || before.ordered?.order === ordered.order) return [];
  const { order, refused } = ordered;
  return [refused === null ? ['OrderCarriedOut', `'${order}'`, false] : ['OrderRefused', `'${order}': ${refused}`, true]];
}
