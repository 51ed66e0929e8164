// What a plugin did with a query and its reply, told from what went in and what came out.

import { messageOf } from '../config/error.ts';
import { className, headerFlag, rcodeName, typeName } from '../dns/codes.ts';
import type { Option } from '../dns/edns.ts';
import { presentRecord } from '../dns/presentation.ts';
import type { Query } from '../dns/query.ts';
import { QueryError } from '../dns/query-error.ts';
import type { ResourceRecord } from '../dns/record.ts';
import { Reply } from '../dns/reply.ts';
import type { ExplainedStep } from '../plugin/explanation.ts';
import type { Outcome, Trace } from './explain-trace.ts';

/** Records of a difference that are written out. */
const mostShown = 4;

/** What a plugin did, as one word and as plain sentences. */
export function outcomeOf(trace: Trace): Pick<ExplainedStep, 'outcome' | 'did'> {
  const { behind, outcome } = trace;
  const passed = passedOn(trace);
  if (outcome === undefined) return { outcome: 'failed', did: [...passed, 'has not answered yet'] };
  if ('error' in outcome) return { outcome: 'failed', did: [...passed, failure(trace, outcome.error)] };
  if (behind.length === 0) return answered(outcome.reply);
  const returned = changedReply(behind.at(-1)?.outcome, outcome.reply);
  const did = [...passed, ...returned];
  return { outcome: 'passed on', did: did.length === 0 ? ['passed it on'] : did };
}

function answered(reply: Reply): Pick<ExplainedStep, 'outcome' | 'did'> {
  if (reply === Reply.drop) return { outcome: 'silent', did: ['answered with silence'] };
  if (reply.declined) return { outcome: 'declined', did: [`declined to answer: ${reply.rcode}`] };
  return { outcome: 'answered', did: [`answered ${reply.rcode}, ${counted(reply.answerCount, 'record')}`] };
}

function failure({ behind, ranOut }: Trace, error: unknown): string {
  if (ranOut) return 'passed it on, but no plugin is behind it';
  const before = behind.at(-1)?.outcome;
  if (before !== undefined && 'error' in before && before.error === error) return 'passed it on; the failure is from behind it';
  const message = messageOf(error);
  return QueryError.is(error) ? `failed with ${error.rcode}: ${message}` : `failed unexpectedly: ${message}`;
}

/** How the queries that were passed on differ from the one that came. */
function passedOn({ given, behind }: Trace): string[] {
  return behind.flatMap((trace, i) => {
    const changes = queryChanges(given, trace.given);
    const changed = changes.length === 0 ? [] : [`changed the question: ${changes.join(', ')}`];
    return i === 0 ? changed : ['asked the plugins behind it again', ...changed];
  });
}

function queryChanges(before: Query, after: Query): string[] {
  const changes: string[] = [];
  const note = (what: string, from: string, to: string) => {
    if (from !== to) changes.push(`${what} ${from} -> ${to}`);
  };
  note('name', before.name, after.name);
  note('type', typeName(before.typeCode), typeName(after.typeCode));
  note('class', className(before.classCode), className(after.classCode));
  const flags = [
    ['RD', before.recursionDesired, after.recursionDesired],
    ['AD', before.authenticData, after.authenticData],
    ['CD', before.checkingDisabled, after.checkingDisabled],
    ['DO', before.dnssecOk, after.dnssecOk],
  ] as const;
  for (const [name, from, to] of flags) if (from !== to) changes.push(`${name} ${to ? 'set' : 'cleared'}`);
  return [...changes, ...optionChanges(before.options, after.options)];
}

function optionChanges(before: readonly Option[], after: readonly Option[]): string[] {
  const show = ({ code, data }: Option) => `EDNS option ${code} ${Buffer.from(data).toString('hex')}`.trimEnd();
  const from = before.map(show);
  const to = after.map(show);
  return [...without(from, to).map((text) => `without ${text}`), ...without(to, from).map((text) => `with ${text}`)];
}

function changedReply(before: Outcome | undefined, after: Reply): string[] {
  if (before === undefined) return ['answered without waiting for the plugins behind it'];
  if ('error' in before) return [`made an answer of the failure behind it: ${after.rcode}`];
  const changes = replyChanges(before.reply, after);
  return changes.length === 0 ? [] : [`changed the reply: ${changes.join(', ')}`];
}

function replyChanges(before: Reply, after: Reply): string[] {
  if (before === after) return [];
  if (after === Reply.drop) return ['silence instead'];
  const changes: string[] = [];
  if (before.rcodeNumber !== after.rcodeNumber) changes.push(`${rcodeName(before.rcodeNumber)} -> ${rcodeName(after.rcodeNumber)}`);
  const flags = [
    ['AA', headerFlag.authoritative],
    ['TC', headerFlag.truncated],
    ['RA', headerFlag.recursionAvailable],
    ['AD', headerFlag.authenticData],
  ] as const;
  for (const [name, bit] of flags)
    if (((before.flags ^ after.flags) & bit) !== 0) changes.push(`${name} ${(after.flags & bit) !== 0 ? 'set' : 'cleared'}`);
  const sections = [
    ['answer', before.answers, after.answers],
    ['authority', before.authorities, after.authorities],
    ['additional', before.additionals, after.additionals],
  ] as const;
  const ttls = ttlChange(recordsOf(before), recordsOf(after));
  const records = sections.flatMap(([section, from, to]) => recordChanges(section, from, to));
  return [...changes, ...records, ...ttls, ...optionChanges(before.options, after.options)];
}

function recordsOf({ answers, authorities, additionals }: Reply): readonly ResourceRecord[] {
  return [...answers, ...authorities, ...additionals];
}

/** What happened to a section, TTLs aside. */
function recordChanges(section: string, before: readonly ResourceRecord[], after: readonly ResourceRecord[]): string[] {
  const from = before.map(bare);
  const to = after.map(bare);
  const gone = without(from, to);
  const come = without(to, from);
  if (gone.length === 0 && come.length === 0) return from.every((text, i) => text === to[i]) ? [] : [`order of the ${section} section`];
  const less = gone.length === 0 ? [] : [`${section} without ${some(gone)}`];
  return come.length === 0 ? less : [...less, `${section} with ${some(come)}`];
}

function ttlChange(before: readonly ResourceRecord[], after: readonly ResourceRecord[]): string[] {
  const show = (records: readonly ResourceRecord[]) => [...new Set(records.map(({ ttl }) => ttl))].sort((a, b) => a - b).join(' and ');
  const [from, to] = [show(before), show(after)];
  return before.length === 0 || after.length === 0 || from === to ? [] : [`TTL ${from} -> ${to}`];
}

function bare(record: ResourceRecord): string {
  return presentRecord(record.with({ ttl: 0 })).replace(' 0 IN ', ' ');
}

function some(texts: readonly string[]): string {
  const shown = texts.slice(0, mostShown).map((text) => `"${text}"`);
  return texts.length > mostShown ? `${shown.join(', ')} and ${texts.length - mostShown} more` : shown.join(', ');
}

/** The texts that the others do not have, as often as they lack them. */
function without(texts: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return texts.filter((text) => {
    const at = left.indexOf(text);
    if (at === -1) return true;
    left.splice(at, 1);
    return false;
  });
}

function counted(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`;
}
