// The reply that a rule makes: its records, and what the names lead to that its aliases point at.
import { type Awaitable, messageOf, type Name, parseName, type Query, QueryError, QueryType, Reply, type ResourceRecord } from 'ferrydns/plugin';
import type { TemplateMetrics } from './metrics.ts';
import { RecordFailure, type RecordTemplate } from './record-template.ts';
import type { Fitting, Rule, Section } from './rule.ts';

export interface Answering {
  readonly metrics: TemplateMetrics;
  /** Asks the server again; the second query is the one whose answer needs this. */
  resolve(query: Query, cause: Query): Awaitable<Reply>;
}

const servfail = Reply.decline('SERVFAIL');

/** Throws a QueryError when a template makes no record. */
export function answerWith(rule: Rule, query: Query, fitting: Fitting, answering: Answering): Awaitable<Reply> {
  const { rcode, extendedError } = rule.fields;
  answering.metrics.matched(query, fitting);
  if (rcode === 'SERVFAIL') return servfail;
  const make = (section: Section) => recordsOf(section, { rule, query, fitting, answering });
  const answers = make('answer');
  const additionals = make('additional');
  const authorities = make('authority');
  const reply = Reply.empty(rcode, { answers, additionals, authorities, ...(extendedError === undefined ? {} : { extendedError }) });
  const asksForAddress = query.typeCode === QueryType.A || query.typeCode === QueryType.AAAA;
  if (!asksForAddress || !answers.some(isAlias)) return reply;
  return follow(reply, query, answering);
}

interface Making {
  readonly rule: Rule;
  readonly query: Query;
  readonly fitting: Fitting;
  readonly answering: Answering;
}

function recordsOf(section: Section, { rule, query, fitting, answering }: Making): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (const template of rule.fields.templates[section]) {
    const record = tryRecord(template, fitting, (failure) => {
      answering.metrics.failed(query, fitting, section, template, failure);
      throw new QueryError('SERVFAIL', `${section} of the template at ${rule.fields.place}: ${failure.message}`, { cause: failure });
    });
    if (record !== undefined) records.push(record);
  }
  return records;
}

function tryRecord(template: RecordTemplate, { data }: Fitting, failed: (failure: RecordFailure) => never): ResourceRecord | undefined {
  try {
    return template.record(data);
  } catch (error) {
    if (error instanceof RecordFailure) return failed(error);
    throw error;
  }
}

/** Behind each alias, what its target leads to. A target that leads nowhere leaves the alias alone. */
async function follow(reply: Reply, query: Query, { resolve }: Answering): Promise<Reply> {
  const answers: ResourceRecord[] = [];
  let { truncated } = reply;
  for (const record of reply.answers) {
    answers.push(record);
    if (!isAlias(record)) continue;
    const found = await lookUp(parseName(String(record.data)), query, resolve);
    if (found === undefined) continue;
    truncated = found.truncated;
    answers.push(...found.answers);
  }
  return reply.with({ answers, truncated });
}

async function lookUp(name: Name, query: Query, resolve: Answering['resolve']): Promise<Reply | undefined> {
  try {
    return await resolve(query.with({ name }), query);
  } catch (error) {
    query.explained?.note(`${name} leads nowhere: ${messageOf(error)}`);
    return undefined;
  }
}

function isAlias({ typeCode }: ResourceRecord): boolean {
  return typeCode === QueryType.CNAME;
}
