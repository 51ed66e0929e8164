// The plans of ConfigMaps in the process that runs them: read again and again, judged, and brought into force by a reload. They live on through reloads.
import { type Logger, type Metrics, messageOf } from 'ferrydns/plugin';
import { leavingRefusal } from '../leaving.ts';
import type { Runner } from '../runner/runner.ts';
import { Annotations, startAdvice } from './annotations.ts';
import { NotPermitted, type PlanFound, type PlansApi } from './api.ts';
import { Events } from './events.ts';
import { idOf, moveOf, type PlanText, placeOf, reasonOf } from './plan-text.ts';
import { ProgressReport } from './progress.ts';
import { type Roster, readRoster, writeRoster } from './roster.ts';
import type { ClusterPlansSettings } from './settings.ts';

/** Milliseconds between two readings, and after a reload that was refused. */
const pace = 2000;
const patience = 10_000;

/** The configuration that is in use. */
export interface Host {
  readonly settings: ClusterPlansSettings;
  readonly api: PlansApi;
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  reload(): Promise<void>;
  /** What runs a record; undefined: nobody does. */
  runnerOf(record: string): Runner | undefined;
  /** It is known which plans there are. */
  heard(): void;
}

/** By id the plan that is to be in force; undefined: none. */
type Changes = ReadonlyMap<string, PlanText | undefined>;

export class ClusterPlans {
  private readonly file: string;
  private roster: Roster;
  private host: Host;
  private readonly events: Events;
  private readonly progress: ProgressReport;
  private readonly annotations: Annotations;
  /** By id the text that was refused, so that it is refused once. */
  private readonly refused = new Map<string, { readonly text: string; readonly reason: string }>();
  /** By id why a plan is left out by the configuration that is in use, and by the one that was tried last. */
  private leftOut: ReadonlyMap<string, string> = new Map();
  private wouldLeaveOut: ReadonlyMap<string, string> = new Map();
  private readonly said = new Map<string, string>();
  private terms = '';
  private nextAt = Number.NEGATIVE_INFINITY;
  private busy = false;

  constructor(host: Host) {
    const { rosterFile, replica } = host.settings;
    this.host = host;
    this.file = rosterFile;
    this.roster = readRoster(rosterFile);
    const post = (namespace: string, event: object) => this.host.api.postEvent(namespace, event);
    this.events = new Events({ log: host.log, now: host.now, replica, post });
    this.progress = new ProgressReport(this.events);
    const annotate: PlansApi['annotate'] = (...words) => this.host.api.annotate(...words);
    this.annotations = new Annotations({ log: host.log, now: host.now, annotate });
  }

  /** A configuration is in use that leaves these plans out. */
  loaded(reasons: ReadonlyMap<PlanText, string>): void {
    this.leftOut = byId(reasons);
  }

  /** A configuration would leave these plans out; it may be refused. */
  tried(reasons: ReadonlyMap<PlanText, string>): void {
    this.wouldLeaveOut = byId(reasons);
  }

  /** Time has passed; `host` is the configuration that answers. */
  tick(host: Host): void {
    this.host = host;
    this.events.tick();
    if (this.progress.look(this.roster.plans.flatMap((about) => this.running(about)))) this.nextAt = host.now();
    if (this.busy || host.now() < this.nextAt) return;
    this.busy = true;
    void this.round(host)
      .catch((error: unknown) => host.log.error(messageOf(error)))
      .finally(() => {
        this.busy = false;
        this.nextAt = Math.max(this.nextAt, host.now() + pace);
      });
  }

  private running(about: PlanText): { readonly about: PlanText; readonly runner: Runner }[] {
    const record = this.recordOf(about);
    const runner = record === undefined ? undefined : this.host.runnerOf(record);
    return runner === undefined ? [] : [{ about, runner }];
  }

  private async round(host: Host): Promise<void> {
    const { grants, store, places } = host.settings;
    const terms = JSON.stringify([[...grants], store]);
    if (terms !== this.terms) this.refused.clear();
    this.terms = terms;
    const all: PlanFound[] = [];
    const unread = new Set<string>();
    let isKnown = true;
    for (const namespace of places.namespaces) {
      try {
        all.push(...(await host.api.plans(namespace, places)));
        this.say(namespace, undefined);
      } catch (error) {
        unread.add(namespace);
        // Who may not read them has never had any.
        if (!(error instanceof NotPermitted)) isKnown = false;
        this.say(namespace, messageOf(error));
      }
    }
    const found = new Map(all.map(({ plan }) => [idOf(plan), plan]));
    const changes = new Map([...this.leaving(found, unread), ...this.coming(found)]);
    const isDone = changes.size === 0 || (await this.apply(changes, isKnown));
    if (!isDone) this.nextAt = host.now() + patience;
    for (const each of all) await this.attend(each);
    if (!isKnown || !isDone) return;
    if (!this.roster.heard) this.write({ ...this.roster, heard: true });
    host.heard();
  }

  private attend(found: PlanFound): Promise<void> {
    const { plan } = found;
    const id = idOf(plan);
    const inForce = this.roster.plans.find((each) => idOf(each) === id && !this.leftOut.has(id));
    const [running] = inForce === undefined ? [] : this.running(inForce);
    const isInForce = inForce?.text === plan.text;
    return this.annotations.attend(found, {
      runner: running?.runner,
      isInForce,
      refusal: isInForce ? undefined : (this.refused.get(id)?.reason ?? this.said.get(id)),
    });
  }

  /** What is new or another one, and may come into force. A plan that is there goes before one that comes. */
  private coming(found: ReadonlyMap<string, PlanText>): Changes {
    const inForce = new Map(this.roster.plans.map((plan) => [idOf(plan), plan]));
    const taken = new Map([...inForce].map(([id, plan]) => [this.recordOf(plan), id]));
    const changes = new Map<string, PlanText>();
    for (const [id, plan] of found) {
      const current = inForce.get(id);
      if (current?.text === plan.text && !this.leftOut.has(id)) this.refused.delete(id);
      if ((current?.text === plan.text && !this.leftOut.has(id)) || this.refused.get(id)?.text === plan.text) continue;
      const reason = (current?.text === plan.text ? this.leftOut.get(id) : undefined) ?? this.objection(plan, current, taken);
      if (reason !== undefined) {
        this.refuse(plan, reason);
        continue;
      }
      changes.set(id, plan);
      taken.set(this.recordOf(plan), id);
    }
    return changes;
  }

  /** Plans whose ConfigMap is gone, or that a configuration does not let in any more. One that must not be dropped stays until it may go. */
  private leaving(found: ReadonlyMap<string, PlanText>, unread: ReadonlySet<string>): Changes {
    const changes = new Map<string, undefined>();
    for (const plan of this.roster.plans) {
      const id = idOf(plan);
      if (!this.leftOut.has(id) && (found.has(id) || unread.has(plan.namespace))) continue;
      const reason = this.stayReason(plan);
      if (reason === undefined) changes.set(id, undefined);
      else this.keep(plan, `it is to go, and goes on: ${reason}`);
    }
    return changes;
  }

  /** Why a text cannot come into force; undefined: as far as can be seen it can. */
  private objection(plan: PlanText, current: PlanText | undefined, taken: ReadonlyMap<string | undefined, string>): string | undefined {
    try {
      const move = moveOf(plan, this.host.settings);
      const holder = taken.get(move.record);
      if (holder !== undefined && holder !== idOf(plan)) return `plan ${move.plan.name} is in ConfigMap ${holder} already`;
      const before = current === undefined ? undefined : this.recordOf(current);
      const stay = current !== undefined && before !== move.record ? this.stayReason(current) : undefined;
      if (stay !== undefined) return `the plan in its place cannot go: ${stay}`;
      return this.host.runnerOf(move.record)?.refusal(move.plan);
    } catch (error) {
      return reasonOf(error);
    }
  }

  private stayReason(plan: PlanText): string | undefined {
    const [running] = this.running(plan);
    return running === undefined ? undefined : leavingRefusal(running.runner);
  }

  private recordOf(plan: PlanText): string | undefined {
    try {
      return moveOf(plan, this.host.settings).record;
    } catch {
      return undefined;
    }
  }

  /** One change at a time, so that none stands in the way of another. False: something could not be loaded, and is tried again. */
  private async apply(changes: Changes, isKnown: boolean): Promise<boolean> {
    let isDone = true;
    let left = changes.size;
    for (const [id, plan] of changes) {
      const isLast: boolean = isKnown && isDone && --left === 0;
      isDone = (await this.change(id, plan, isLast)) && isDone;
    }
    return isDone;
  }

  private async change(id: string, plan: PlanText | undefined, heard: boolean): Promise<boolean> {
    const before = this.roster;
    const current = before.plans.find((each) => idOf(each) === id);
    const about = plan ?? current;
    if (about === undefined) return true;
    const others = before.plans.filter((each) => each !== current);
    this.wouldLeaveOut = new Map();
    this.write({ heard: before.heard || heard, plans: plan === undefined ? others : [...others, plan] });
    const failure = await this.host.reload().then(() => undefined, reasonOf);
    const found = failure === undefined ? this.leftOut : this.wouldLeaveOut;
    const reason = plan === undefined ? undefined : found.get(id);
    if (failure !== undefined) return this.giveUp(about, before, { reason, failure });
    if (reason !== undefined) await this.takeBack(about, before, reason);
    else this.tellChange(about, plan === undefined ? 'left' : 'taken');
    return true;
  }

  /** The configuration with the change was refused. False: not for a reason that is in the plan. */
  private giveUp(about: PlanText, before: Roster, { reason, failure }: { readonly reason: string | undefined; readonly failure: string }): boolean {
    this.write(before);
    if (reason !== undefined) this.refuse(about, reason);
    else this.keep(about, `the configuration cannot be loaded with the change, it is tried again: ${failure}`);
    return reason !== undefined;
  }

  /** The configuration was loaded without the plan: what was there before is put back. */
  private async takeBack(plan: PlanText, before: Roster, reason: string): Promise<void> {
    this.refuse(plan, reason);
    this.write(before);
    if (before.plans.some((each) => idOf(each) === idOf(plan))) await this.host.reload();
  }

  private write(roster: Roster): void {
    writeRoster(this.file, roster);
    this.roster = roster;
  }

  private tellChange(about: PlanText, what: 'taken' | 'left'): void {
    const plan = this.recordOf(about);
    const [running] = this.running(about);
    const inForce = `plan ${plan} is in force${running === undefined ? '' : `; ${startAdvice(about, running.runner)}`}`;
    const message = what === 'taken' ? inForce : `plan ${plan} has been taken away`;
    if (what === 'left') void this.annotations.left(about);
    this.host.log.info(`${placeOf(about)}: ${message}`);
    this.events.tell({ about, reason: what === 'taken' ? 'PlanTaken' : 'PlanLeft', message, isWarning: false });
  }

  private refuse(plan: PlanText, reason: string): void {
    this.refused.set(idOf(plan), { text: plan.text, reason });
    this.warn(plan, 'PlanRefused', `refused: ${reason}`);
  }

  /** Said once, as long as the reason is the same. */
  private keep(plan: PlanText, reason: string): void {
    if (this.said.get(idOf(plan)) === reason) return;
    this.said.set(idOf(plan), reason);
    this.warn(plan, 'PlanKept', reason);
  }

  private warn(about: PlanText, reason: string, message: string): void {
    this.host.log.warn(`${placeOf(about)}: ${message}`);
    this.events.tell({ about, reason, message, isWarning: true });
  }

  /** How it is with a namespace that is read, logged when that changes. */
  private say(namespace: string, trouble: string | undefined): void {
    const before = this.said.get(namespace);
    if (trouble === before) return;
    if (trouble === undefined) {
      this.said.delete(namespace);
      this.host.log.info(`plans of namespace ${namespace} can be read again`);
    } else {
      this.said.set(namespace, trouble);
      this.host.log.warn(`plans of namespace ${namespace} stay as they are: ${trouble}`);
    }
  }
}

function byId(reasons: ReadonlyMap<PlanText, string>): ReadonlyMap<string, string> {
  return new Map([...reasons].map(([plan, reason]) => [idOf(plan), reason]));
}

const byProcess = new WeakMap<Metrics, Map<string, ClusterPlans>>();

/** The one of this process: a process is known by its metrics, the plans by the file that holds them. */
export function clusterPlansOf(metrics: Metrics, host: Host): ClusterPlans {
  const known = byProcess.get(metrics) ?? new Map<string, ClusterPlans>();
  byProcess.set(metrics, known);
  const { rosterFile } = host.settings;
  const plans = known.get(rosterFile) ?? new ClusterPlans(host);
  known.set(rosterFile, plans);
  return plans;
}
