// What a run comes to: who was led where, and who was served by whom, as numbers.
import type { Application, Told, Use } from './application.ts';
import { type DatabaseName, names } from './places.ts';
import type { MoveOutcome, Outcome } from './story.ts';

export interface Account {
  readonly applications: number;
  /** Applications that were given B and then A again for a name. */
  readonly wentBack: number;
  /** Applications that wrote to the primary at A after they had written to the one at B. */
  readonly wroteToBoth: number;
  /** Applications that one site served after the other one had: A after B, whichever of the two databases. */
  readonly usedBoth: number;
  /** Answers that led to A and were asked for after somebody had been given B, whichever of the two names. */
  readonly mixedAnswers: number;
  /** Looks at both names in the same moment that found one at A and the other at B. */
  readonly mixedLooks: number;
  /** How often A served anybody after B had begun to serve. */
  readonly servedByAAfterB: number;
  /** How often A refused. */
  readonly refusedByA: number;
}

/** What a run with the plan comes to beyond that. Times are milliseconds of the wall clock, lengths seconds. */
export interface MoveAccount extends Account {
  /** The earliest time that a status named as the one from which A may be switched off. */
  readonly horizon: number;
  /** The last time that an application whose cache the plan knows of went to A, whether it was served or not. */
  readonly lastAtA: number;
  /** How often such an application found nobody at A. */
  readonly goneAtA: number;
  /** Answers with A after the names had been given back. */
  readonly answersWithAAfterRelease: number;
  /** How long neither A nor B was answered. */
  readonly silence: number;
  readonly fenceTook: number;
  /** From the first to the last time that the shut A refused such an application. */
  readonly refusals: number;
  /** Whether the plan has seen the vendor answer old and new after the change. */
  readonly vendorMixed: boolean;
  /** From the vendor's last answer with A to the hand-back. */
  readonly cleanFor: number;
  /** How long each phase has lasted, in their order. */
  readonly phases: readonly { readonly phase: string; readonly epoch: number; readonly seconds: number }[];
}

export function accountOf(outcome: Outcome): Account {
  const { applications, watcher, sites } = outcome;
  const answers = [...applications.flatMap(({ told }) => told), ...watcher.looks.flat()];
  const firstB = earliest(answers.filter(({ side }) => side === 'B').map(({ given }) => given));
  const servedFirstB = earliest(sites.B.served.map(({ at }) => at));
  const count = (holds: (application: Application) => boolean) => applications.filter(holds).length;
  return {
    applications: applications.length,
    wentBack: count(({ told }) => names.some((name) => goesBack(told.filter((each) => each.name === name)))),
    wroteToBoth: count(({ uses }) => goesBack(done(uses, 'primary.db.example.org'))),
    usedBoth: count(({ uses }) => goesBack(done(uses))),
    mixedAnswers: answers.filter(({ side, asked }) => side === 'A' && asked > firstB).length,
    mixedLooks: watcher.looks.filter(isMixed).length,
    servedByAAfterB: sites.A.served.filter(({ at }) => at > servedFirstB).length,
    refusedByA: applications.flatMap(({ uses }) => uses).filter(({ side, outcome }) => side === 'A' && outcome === 'refused').length,
  };
}

export function moveAccountOf(outcome: MoveOutcome): MoveAccount {
  const { applications, watcher, statuses, releasedAt, vendorLastA } = outcome;
  const atA = applications.filter(({ honest }) => honest).flatMap(({ uses }) => uses.filter(({ side }) => side === 'A'));
  const refused = atA.filter((use) => use.outcome === 'refused').map(({ at }) => at);
  const answers = [...applications.flatMap(({ told }) => told), ...watcher.looks.flat()];
  return {
    ...accountOf(outcome),
    horizon: earliest(statuses.map(({ status }) => Date.parse(status.horizon.a_may_be_switched_off ?? '')).filter((time) => !Number.isNaN(time))),
    lastAtA: latest(atA.map(({ at }) => at)),
    goneAtA: atA.filter((use) => use.outcome === 'gone').length,
    answersWithAAfterRelease: answers.filter(({ side, asked }) => side === 'A' && asked >= releasedAt).length,
    silence: seconds(longestSilence(watcher.looks.flat())),
    fenceTook: seconds(fenceTook(outcome)),
    refusals: refused.length === 0 ? 0 : seconds(latest(refused) - earliest(refused)),
    vendorMixed: mixes(outcome),
    cleanFor: seconds(releasedAt - vendorLastA),
    phases: phasesOf(outcome),
  };
}

function done(uses: readonly Use[], name?: DatabaseName): Use[] {
  return uses.filter((use) => use.outcome === 'done' && (name === undefined || use.name === name));
}

/** Whether A comes after B. */
function goesBack(course: readonly { readonly side: 'A' | 'B' | undefined }[]): boolean {
  const firstB = course.findIndex(({ side }) => side === 'B');
  return firstB >= 0 && course.slice(firstB).some(({ side }) => side === 'A');
}

function isMixed(look: readonly Told[]): boolean {
  return look.some(({ side }) => side === 'A') && look.some(({ side }) => side === 'B');
}

/** The longest time between two answers in a row, over both names. */
function longestSilence(told: readonly Told[]): number {
  const lengths = names.flatMap((name) => {
    const given = told.filter((each) => each.name === name && each.side !== undefined).map((each) => each.given);
    return given.slice(1).map((time, i) => time - (given[i] ?? time));
  });
  return Math.max(0, ...lengths);
}

/** Both in one look, or the old one after the new one. */
function mixes({ statuses, changedAt }: MoveOutcome): boolean {
  const shown = statuses.filter(({ at }) => at > changedAt).map(({ status }) => status.upstream.now?.shows);
  return shown.includes('mixed') || (shown.includes('to') && shown.includes('from', shown.indexOf('to')));
}

function fenceTook({ journal }: MoveOutcome): number {
  const enter = (state: string) => Date.parse(journal.find(({ agreement }) => agreement?.fence.state === state)?.at ?? '');
  return enter('done') - enter('begun');
}

function phasesOf({ journal }: MoveOutcome): MoveAccount['phases'] {
  const commits = journal.flatMap(({ at, agreement }) => (agreement === undefined ? [] : [{ at: Date.parse(at), ...agreement }]));
  const entered = commits.filter(({ phase, epoch }, i) => phase !== commits[i - 1]?.phase || epoch !== commits[i - 1]?.epoch);
  return entered.map(({ phase, epoch, at }, i) => ({ phase, epoch, seconds: seconds((entered[i + 1]?.at ?? at) - at) }));
}

function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
}

function latest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY);
}

function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}
